//! Integrity by choice and small files by forms: what is signed is what arrives, or nothing is completed.

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use sealmark_protocol::{
    Checksum, Crc64Nvme, CreateUploadRequest, ErrorCode, Integrity, MediaRecord, MediaState, PartNumber, PartToSign,
    Sha256Digest, SignPartsRequest, SignPartsResponse, Upload, UploadState,
};
use sealmark_storage::{ObjectKey, Store};
use sealmark_tests::{
    client::{ApiClient, refused},
    faulty_http::{Fault, FaultyHttp, Rule, When},
    line::{Line, Options, sample},
    process::wait_for,
};

pub(crate) fn one() -> PartNumber {
    PartNumber::new(1).expect("1 is a part's number")
}

pub(crate) fn checksum(integrity: Integrity, bytes: &[u8]) -> Checksum {
    match integrity {
        Integrity::Sha256 => Checksum::Sha256(Sha256Digest::of(bytes)),
        Integrity::Crc64nvme => Checksum::Crc64nvme(Crc64Nvme::of(bytes)),
        Integrity::None => Checksum::None,
    }
}

/// A creation of one part, signed at once.
pub(crate) fn small(bytes: &[u8], integrity: Integrity, form: bool) -> CreateUploadRequest {
    CreateUploadRequest {
        integrity,
        form,
        content_type: Some("image/jpeg".to_owned()),
        sign: vec![PartToSign::new(one(), checksum(integrity, bytes))],
        ..CreateUploadRequest::new("small.jpg", bytes.len() as u64)
    }
}

pub(crate) async fn create(client: &ApiClient, request: &CreateUploadRequest) -> Result<Upload> {
    client.post("/v1/uploads", request).await?.map_err(refused)
}

/// Starts the API anew with another word in its configuration.
pub(crate) async fn reconfigure(line: &mut Line, old: &str, new: &str) -> Result<()> {
    let file = line.folder().join("presign-api.toml");
    let text = std::fs::read_to_string(&file)?;
    ensure!(text.contains(old), "{old} is not in the configuration");
    std::fs::write(&file, text.replace(old, new))?;
    line.crash_api();
    line.start_api().await
}

/// A relay between the API and the store.
pub(crate) async fn relay_before_the_store(line: &mut Line) -> Result<FaultyHttp> {
    let relay = FaultyHttp::start().await?;
    let endpoint = line.store_config().endpoint;
    relay.towards(url::Url::parse(&endpoint)?.port().context("the store has no port")?);
    let ours = format!("http://127.0.0.1:{}", relay.port());
    reconfigure(line, &format!("{endpoint:?}"), &format!("{ours:?}")).await?;
    Ok(relay)
}

/// Requests of a method for an upload's object.
pub(crate) fn calls(method: &'static str, upload: &Upload) -> When {
    When::Call(method, Box::leak(upload.media_id.to_string().into_boxed_str()))
}

pub(crate) fn object(line: &Line, upload: &Upload) -> Result<(Store, ObjectKey)> {
    Ok((Store::new(&line.store_config())?, format!("raw/acme/u/{}", upload.media_id).parse()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_choice_of_integrity_by_parts_and_by_form() -> Result<()> {
    let line = Line::start().await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let bytes = std::fs::read(sample("rocket.jpg"))?;
    let catalogue = line.catalogue().await?;
    for integrity in [Integrity::Sha256, Integrity::Crc64nvme, Integrity::None] {
        for form in [true, false] {
            let upload = create(&client, &small(&bytes, integrity, form)).await?;
            ensure!(upload.integrity == integrity && upload.signed.len() == 1, "{upload:?}");
            let signed = &upload.signed[0];
            // Without a checksum a form could change the object after the upload has ended: it goes by parts.
            ensure!(signed.fields.is_empty() != (form && integrity != Integrity::None), "{integrity:?} {form}");
            ensure!((800_000..=900_000).contains(&signed.expires_in_ms), "{}", signed.expires_in_ms);
            let path = format!("/v1/uploads/{}", upload.upload_id);
            let early = client.complete(&upload).await?.expect_err("nothing was sent");
            ensure!(early.code == ErrorCode::PartsMissing, "{early:?}");
            ensure!(client.get::<Upload>(&path).await?.map_err(refused)?.parts.is_empty());

            let mut changed = bytes.clone();
            changed[1_000] ^= 1;
            if integrity != Integrity::None {
                let refusal = client.send(signed, changed).await?;
                ensure!(refusal.status() == StatusCode::BAD_REQUEST, "{integrity:?} {form}: {}", refusal.status());
            }
            let answer = client.send(signed, bytes.clone()).await?;
            ensure!(answer.status().is_success(), "{integrity:?} {form}: {}", answer.text().await?);
            let status: Upload = client.get(&path).await?.map_err(refused)?;
            ensure!(status.integrity == integrity && status.signed.is_empty(), "{status:?}");
            ensure!(status.parts.len() == 1 && status.parts[0].size_bytes == bytes.len() as u64, "{status:?}");
            for _ in 0..2 {
                let media = client.complete(&upload).await?.map_err(refused)?;
                ensure!(media.media_id == upload.media_id);
            }
            let done = line.wait_for_media(&catalogue, upload.media_id, "the version", |media| media.state.is_final());
            ensure!(done.await?.state == MediaState::Ready);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn checksums_that_do_not_fit_are_refused() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let bytes = vec![7; 1_000];
    let (sha256, crc) = (checksum(Integrity::Sha256, &bytes), checksum(Integrity::Crc64nvme, &bytes));
    let both = PartToSign { crc64nvme: Some(Crc64Nvme::of(&bytes)), ..PartToSign::new(one(), sha256) };
    let cases = [
        (Integrity::Sha256, PartToSign::new(one(), crc)),
        (Integrity::Sha256, PartToSign::new(one(), Checksum::None)),
        (Integrity::Sha256, both),
        (Integrity::Crc64nvme, PartToSign::new(one(), sha256)),
        (Integrity::None, PartToSign::new(one(), sha256)),
        (Integrity::Sha256, PartToSign::new(PartNumber::new(2)?, sha256)),
    ];
    for (integrity, part) in cases {
        for form in [true, false] {
            let wrong = CreateUploadRequest { sign: vec![part], ..small(&bytes, integrity, form) };
            let problem = client.post::<Upload>("/v1/uploads", &wrong).await?.expect_err("it does not fit");
            ensure!(problem.code == ErrorCode::InvalidRequest, "{integrity:?} {part:?}: {problem:?}");
            let upload = create(&client, &CreateUploadRequest { sign: Vec::new(), ..wrong }).await?;
            let path = format!("/v1/uploads/{}/parts", upload.upload_id);
            let asked = client.post::<SignPartsResponse>(&path, &SignPartsRequest { parts: vec![part] }).await?;
            ensure!(asked.expect_err("it does not fit").code == ErrorCode::InvalidRequest, "{integrity:?} {part:?}");
        }
    }
    // Cut in another way than asked for: the parts hashed are none of the plan's, and none is signed.
    let other = CreateUploadRequest {
        part_size_bytes: Some(1_000_000),
        sign: vec![PartToSign::new(one(), sha256)],
        ..CreateUploadRequest::new("a.jpg", 6_000_000)
    };
    ensure!(create(&client, &other).await?.signed.is_empty());
    let many = CreateUploadRequest {
        sign: vec![PartToSign::new(one(), sha256); 101],
        ..small(&bytes, Integrity::Sha256, true)
    };
    let problem = client.post::<Upload>("/v1/uploads", &many).await?.expect_err("too many");
    ensure!(problem.code == ErrorCode::InvalidRequest, "{problem:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_signed_again_and_only_the_last_one_counts() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let (old, new) = (vec![1; 5_000], vec![2; 5_000]);
    let upload = create(&client, &small(&old, Integrity::Sha256, true)).await?;
    ensure!(client.send(&upload.signed[0], old).await?.status().is_success());
    let path = format!("/v1/uploads/{}/parts", upload.upload_id);
    let parts = vec![PartToSign::new(one(), checksum(Integrity::Sha256, &new))];
    let again: SignPartsResponse = client.post(&path, &SignPartsRequest { parts }).await?.map_err(refused)?;
    // What is there is not what was signed last: as good as nothing.
    let problem = client.complete(&upload).await?.expect_err("other bytes");
    ensure!(problem.code == ErrorCode::PartMismatch, "{problem:?}");
    let status: Upload = client.get(&format!("/v1/uploads/{}", upload.upload_id)).await?.map_err(refused)?;
    ensure!(status.parts.is_empty(), "{status:?}");
    let signed = again.parts.first().context("nothing signed")?;
    ensure!(client.send(signed, new).await?.status().is_success());
    client.complete(&upload).await?.map_err(refused)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_nobody_completes_leaves_no_object() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("sweeper", "abandoned_after_s", "2".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let bytes = vec![7; 20_000];
    let upload = create(&client, &small(&bytes, Integrity::Sha256, true)).await?;
    ensure!(client.send(&upload.signed[0], bytes.clone()).await?.status().is_success());
    let (store, key) = object(&line, &upload)?;
    wait_for("the sweeper", || async { matches!(store.head(&key).await, Ok(None)).then_some(()) }).await?;
    let path = format!("/v1/uploads/{}", upload.upload_id);
    let status: Upload = client.get(&path).await?.map_err(refused)?;
    ensure!(status.state == UploadState::Aborted, "{status:?}");

    // Given up by the client: gone at once.
    let upload = create(&client, &small(&bytes, Integrity::Sha256, true)).await?;
    ensure!(client.send(&upload.signed[0], bytes).await?.status().is_success());
    let (store, key) = object(&line, &upload)?;
    let gone = client.request(Method::DELETE, &format!("/v1/uploads/{}", upload.upload_id)).send().await?;
    ensure!(gone.status() == StatusCode::NO_CONTENT);
    ensure!(store.head(&key).await?.is_none());
    ensure!(client.post::<MediaRecord>(&format!("/v1/uploads/{}/complete", upload.upload_id), &()).await?.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_object_that_cannot_be_removed_hinders_no_other() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let relay = relay_before_the_store(&mut line).await?;
    let (catalogue, bytes) = (line.catalogue().await?, vec![7; 2_000]);
    let mut stuck = None;
    for closed_at_ms in [1, 2] {
        let upload = create(&client, &small(&bytes, Integrity::Sha256, true)).await?;
        if closed_at_ms == 1 {
            relay.add(Rule::always(calls("DELETE", &upload), Fault::s3(403, "AccessDenied", "no")));
        }
        ensure!(client.send(&upload.signed[0], bytes.clone()).await?.status().is_success());
        // Long ago, so that nothing of it can come any more.
        catalogue.abort_upload(upload.upload_id, closed_at_ms).await?;
        let stuck = stuck.get_or_insert(upload.upload_id);
        let left = async || {
            let rows = catalogue.unswept_uploads(10, 10).await.ok()?;
            (rows.iter().map(|row| row.upload_id).collect::<Vec<_>>() == [*stuck]).then_some(())
        };
        wait_for("the sweeper to sweep all but the first", left).await.with_context(|| line.logs())?;
        let (store, key) = object(&line, &upload)?;
        ensure!(store.head(&key).await?.is_some() == (closed_at_ms == 1));
    }
    relay.heal();
    let swept = async || catalogue.unswept_uploads(10, 10).await.ok()?.is_empty().then_some(());
    wait_for("the first to be swept", swept).await.with_context(|| line.logs())
}
