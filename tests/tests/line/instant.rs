//! Instant uploads: content that the tenant has is copied for whoever has its bytes, and for nobody else.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use sealmark_protocol::{
    Challenge, CreateUploadRequest, ErrorCode, Integrity, MediaRecord, PartNumber, PartToSign, ProofRequest,
    Sha256Digest, SignPartsRequest, SignPartsResponse, Upload, UploadState,
};
use sealmark_storage::Store;
use sealmark_tests::{
    client::{ApiClient, refused},
    faulty_http::{Fault, Rule},
    line::{Line, Options, program, root},
    process::wait_for,
};

use super::forms::{calls, checksum, relay_before_the_store, small};

fn content(bytes: &[u8], part_size: usize) -> Sha256Digest {
    let digests: Vec<u8> = bytes.chunks(part_size).flat_map(|part| *Sha256Digest::of(part).as_bytes()).collect();
    Sha256Digest::of(&digests)
}

fn proof(challenge: &Challenge, bytes: &[u8]) -> ProofRequest {
    let mut text = challenge.nonce.clone().into_bytes();
    for range in &challenge.ranges {
        text.extend_from_slice(&bytes[range.offset as usize..(range.offset + range.length) as usize]);
    }
    ProofRequest { sha256: Sha256Digest::of(&text) }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8 ^ (index / 65_521) as u8).collect()
}

async fn ask(client: &ApiClient, bytes: &[u8], content: Sha256Digest, form: bool) -> Result<Upload> {
    let request = CreateUploadRequest {
        content: Some(content),
        form,
        part_size_bytes: Some(5 << 20),
        ..CreateUploadRequest::new("again.jpg", bytes.len() as u64)
    };
    client.post("/v1/uploads", &request).await?.map_err(refused)
}

async fn prove(client: &ApiClient, upload: &Upload, proof: &ProofRequest) -> Result<Result<MediaRecord, ErrorCode>> {
    let path = format!("/v1/uploads/{}/proof", upload.upload_id);
    Ok(client.post::<MediaRecord>(&path, proof).await?.map_err(|problem| problem.code))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_bytes_need_not_send_them() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let colleague = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "v")?);
    let other_tenant = ApiClient::new(line.http.clone(), line.url(), line.token("other", "u")?);
    // Two parts, and one short enough to be asked for as a whole.
    for (bytes, form) in [(noise((5 << 20) + 70_000), false), (noise(20_001), true)] {
        let content = content(&bytes, 5 << 20);
        ensure!(ask(&client, &bytes, content, form).await?.challenge.is_none(), "nobody has sent it yet");
        client.upload("first.jpg", &bytes).await?;
        ensure!(ask(&other_tenant, &bytes, content, form).await?.challenge.is_none(), "another tenant's content");
        ensure!(ask(&client, &bytes[1..], content, form).await?.challenge.is_none(), "another size");

        // Knowing the digest is not enough; the upload stays open, and its bytes can be sent.
        let upload = ask(&colleague, &bytes, content, form).await?;
        let challenge = upload.challenge.clone().context("no challenge")?;
        let total: u64 = challenge.ranges.iter().map(|range| range.length).sum();
        ensure!(challenge.ranges.len() <= 8 && total <= 32_768 && challenge.nonce.len() == 64, "{challenge:?}");
        let mut wrong = bytes.clone();
        wrong[challenge.ranges[0].offset as usize] ^= 1;
        ensure!(prove(&client, &upload, &proof(&challenge, &bytes)).await? == Err(ErrorCode::UploadNotFound));
        ensure!(prove(&colleague, &upload, &proof(&challenge, &wrong)).await? == Err(ErrorCode::ProofRefused));
        let late = prove(&colleague, &upload, &proof(&challenge, &bytes)).await?;
        ensure!(late == Err(ErrorCode::ProofRefused), "a challenge is used once");
        let status: Upload = colleague.get(&format!("/v1/uploads/{}", upload.upload_id)).await?.map_err(refused)?;
        ensure!(status.state == UploadState::Open && status.parts.is_empty());
        if !form {
            colleague.send_all(&upload, &bytes).await?;
            colleague.complete(&upload).await?.map_err(refused)?;
        }

        let upload = ask(&colleague, &bytes, content, form).await?;
        let challenge = upload.challenge.clone().context("no challenge")?;
        for _ in 0..2 {
            let media = prove(&colleague, &upload, &proof(&challenge, &bytes)).await?;
            ensure!(media.is_ok_and(|media| media.media_id == upload.media_id));
        }
        let store = Store::new(&line.store_config())?;
        let key = format!("raw/acme/v/{}", upload.media_id).parse()?;
        ensure!(store.get(&key, None, bytes.len() as u64).await? == bytes, "the copy has other bytes");

        // Whatever became of the first one: the copy itself may be copied. One that is gone is refused, not served.
        let upload = ask(&client, &bytes, content, form).await?;
        let challenge = upload.challenge.clone().context("no challenge")?;
        store.delete(&key).await?;
        ensure!(prove(&client, &upload, &proof(&challenge, &bytes)).await? == Err(ErrorCode::ProofRefused));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_content_that_the_store_has_checked_is_offered() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let bytes = noise(30_000);
    let digest = content(&bytes, 5 << 20);
    for (integrity, offered) in [(Integrity::None, false), (Integrity::Crc64nvme, false), (Integrity::Sha256, true)] {
        let request = CreateUploadRequest { content: Some(digest), ..small(&bytes, integrity, true) };
        let upload: Upload = client.post("/v1/uploads", &request).await?.map_err(refused)?;
        ensure!(client.send(&upload.signed[0], bytes.clone()).await?.status().is_success());
        client.complete(&upload).await?.map_err(refused)?;
        // Every single-part plan has the default size here, so that both are cut alike.
        let again: Upload = client.post("/v1/uploads", &request).await?.map_err(refused)?;
        ensure!(again.challenge.is_some() == offered, "{integrity:?}");
        ensure!(again.signed.first().map(|part| part.number) == Some(PartNumber::new(1)?));
    }
    Ok(())
}

/// Whoever may write to a key may do so between two of our calls to the store. What we note is what we were told of.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_bytes_get_the_name_of_known_content() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let (bytes, other) = (noise(20_001), vec![7; 20_001]);
    let known = content(&bytes, 5 << 20);
    client.upload("first.jpg", &bytes).await?;
    // An object of which the store knows no checksum: by its etag alone is it another one.
    let plain: Upload = client.post("/v1/uploads", &small(&bytes, Integrity::None, false)).await?.map_err(refused)?;
    client.send(&plain.signed[0], bytes.clone()).await?.error_for_status()?;
    client.complete(&plain).await?.map_err(refused)?;
    let relay = relay_before_the_store(&mut line).await?;
    let part = PartToSign::new(PartNumber::new(1)?, checksum(Integrity::Sha256, &other));

    // The creation itself says what cannot be: these are not the bytes of that content.
    let request = CreateUploadRequest { content: Some(known), ..small(&other, Integrity::Sha256, true) };
    let problem = client.post::<Upload>("/v1/uploads", &request).await?.expect_err("other content");
    ensure!(problem.code == ErrorCode::InvalidRequest, "{problem:?}");

    for form in [true, false] {
        let upload = ask(&client, &bytes, known, form).await?;
        let challenge = upload.challenge.clone().context("no challenge")?;
        let path = format!("/v1/uploads/{}/parts", upload.upload_id);
        let signed = client.post::<SignPartsResponse>(&path, &SignPartsRequest { parts: vec![part] }).await?;
        let signed = signed.map_err(refused)?.parts.remove(0);
        let struck = relay.struck();
        // After the copy or the completion, before the look at what it has made.
        relay.add(Rule::times(calls("HEAD", &upload), 1, Fault::Silence));
        let ended = tokio::spawn({
            let (client, upload, proof) = (client.clone(), upload.clone(), proof(&challenge, &bytes));
            let sent = if form { None } else { Some(client.send(&signed, other.clone()).await?.error_for_status()?) };
            async move {
                match sent {
                    None => prove(&client, &upload, &proof).await,
                    Some(_) => Ok(client.complete(&upload).await?.map_err(|problem| problem.code)),
                }
            }
        });
        wait_for("the API to look", || async { (relay.struck() > struck).then_some(()) }).await?;
        if form {
            client.send(&signed, other.clone()).await?.error_for_status()?;
        } else {
            let store = Store::new(&line.store_config())?;
            let (from, to) = (format!("raw/acme/u/{}", plain.media_id), format!("raw/acme/u/{}", upload.media_id));
            let (from, to) = (from.parse()?, to.parse()?);
            let etag = store.head(&from).await?.context("it is gone")?.etag;
            store.copy(&from, &etag, &to, None).await?;
        }
        relay.heal();
        let ended = ended.await??;
        ensure!(ended == Err(ErrorCode::PartMismatch), "{form}: {ended:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_could_not_be_noted_goes_with_its_upload() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let bytes = noise(20_001);
    client.upload("first.jpg", &bytes).await?;
    let relay = relay_before_the_store(&mut line).await?;
    let upload = ask(&client, &bytes, content(&bytes, 5 << 20), false).await?;
    let challenge = upload.challenge.clone().context("no challenge")?;
    relay.add(Rule::always(calls("HEAD", &upload), Fault::s3(503, "SlowDown", "later")));
    let proved = prove(&client, &upload, &proof(&challenge, &bytes)).await?;
    ensure!(proved == Err(ErrorCode::StoreUnavailable), "{proved:?}");
    relay.heal();
    let (store, key) = (Store::new(&line.store_config())?, format!("raw/acme/u/{}", upload.media_id).parse()?);
    ensure!(store.head(&key).await?.is_some(), "nothing was copied");
    let path = format!("/v1/uploads/{}", upload.upload_id);
    client.request(Method::DELETE, &path).send().await?.error_for_status()?;
    ensure!(store.head(&key).await?.is_none(), "the copy is still there");
    Ok(())
}

/// The client's own way through it: the same file by two users of a tenant, and by another tenant.
#[tokio::test]
async fn the_client_proves_instead_of_sending() -> Result<()> {
    let line = Line::start_with(Options { workers: 1, ..Options::default() }).await?;
    let photo = root().join("samples/rocket.jpg");
    let mut instant = Vec::new();
    for (tenant, user) in [("acme", "u"), ("acme", "v"), ("other", "u")] {
        let output = tokio::process::Command::new(program("sealmark-upload")?)
            .args(["--api", &line.url(), "--token", &line.token(tenant, user)?, "--instant", "--json"])
            .arg(&photo)
            .kill_on_drop(true)
            .output()
            .await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let row: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        ensure!(row["state"] == "ready", "{row}");
        instant.push(row["instant"] == true);
    }
    ensure!(instant == [false, true, false], "{instant:?}");
    Ok(())
}
