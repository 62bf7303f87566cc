//! The Companion endpoints by plain HTTP, and unmodified Uppy 5 and 6 in Chromium.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use sealmark_protocol::{MediaId, MediaState, Upload};
use sealmark_tests::{
    browser::Browser,
    client::ApiClient,
    line::{Line, Options, root, sample},
    process::free_port,
};
use serde_json::{Value, json};

use super::forms::relay_before_the_store;

const MIB: usize = 1 << 20;
const BOUNDARY: &str = "a-boundary-of-the-tests";

/// Somebody who speaks as Uppy does.
struct Uppy {
    http: Client,
    base: String,
    token: Option<String>,
}

impl Uppy {
    /// Version 5: the token is in a header.
    fn five(line: &Line, token: String) -> Self {
        Self { http: line.http.clone(), base: format!("{}/companion/s3", line.url()), token: Some(token) }
    }

    /// Version 6: the token is in the path.
    fn six(line: &Line, token: &str) -> Self {
        Self { http: line.http.clone(), base: format!("{}/companion/t/{token}/s3", line.url()), token: None }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<(StatusCode, Value)> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body: Value = answer.json().await.with_context(|| format!("{path}: {status}"))?;
        ensure!(
            status.is_success() || body["message"].as_str().is_some_and(|text| text.len() > 10),
            "{status}: {body}"
        );
        Ok((status, body))
    }

    async fn get(&self, path: &str) -> Result<(StatusCode, Value)> {
        self.ask(Method::GET, path, None).await
    }

    /// Begins an upload; the path of its endpoints with a gap for what comes before the query.
    async fn create(&self) -> Result<Begun> {
        let file = json!({ "filename": "a.jpg", "type": "image/jpeg", "metadata": { "name": "a.jpg", "more": "x" } });
        let (status, created) = self.ask(Method::POST, "/multipart", Some(file)).await?;
        ensure!(status == StatusCode::OK && created["bucket"].is_string(), "{status}: {created}");
        let text = |name: &str| created[name].as_str().map(str::to_owned).context("no such field");
        Ok(Begun { id: text("uploadId")?, key: text("key")? })
    }

    /// Signs and sends a part; its etag as the store's header has it.
    async fn send(&self, upload: &Begun, number: u32, bytes: Vec<u8>) -> Result<String> {
        let (status, signed) = self.get(&upload.path(&format!("/{number}"))).await?;
        ensure!(status == StatusCode::OK && signed["expires"].is_u64(), "{status}: {signed}");
        let url = signed["url"].as_str().context("no url")?;
        put(&self.http, url, bytes).await
    }

    async fn complete(&self, upload: &Begun, parts: &[(u32, &str)]) -> Result<(StatusCode, Value)> {
        let parts: Vec<_> = parts.iter().map(|(number, etag)| json!({ "PartNumber": number, "ETag": etag })).collect();
        self.ask(Method::POST, &upload.path("/complete"), Some(json!({ "parts": parts }))).await
    }

    async fn form(&self) -> Result<Form> {
        let (status, form) = self.get("/params?filename=a.jpg&type=image%2Fjpeg&metadata%5Bname%5D=a.jpg").await?;
        ensure!(status == StatusCode::OK && form["method"] == "POST" && form["expires"].is_u64(), "{status}: {form}");
        let fields = form["fields"].as_object().context("no fields")?;
        let fields = fields.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()));
        Ok(Form { url: form["url"].as_str().context("no url")?.to_owned(), fields: fields.collect() })
    }
}

struct Begun {
    id: String,
    key: String,
}

impl Begun {
    fn path(&self, what: &str) -> String {
        format!("/multipart/{}{what}?key={}", self.id, self.key.replace('/', "%2F"))
    }

    fn media_id(&self) -> Result<MediaId> {
        media_id(&self.key)
    }
}

/// The picture's id is the last segment of the key.
fn media_id(key: &str) -> Result<MediaId> {
    Ok(key.rsplit('/').next().unwrap_or_default().parse()?)
}

struct Form {
    url: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn key(&self) -> Result<&str> {
        let key = self.fields.iter().find(|(name, _)| name == "key");
        key.map(|(_, key)| key.as_str()).context("no key")
    }

    async fn send(&self, http: &Client, bytes: &[u8]) -> Result<Response> {
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\nContent-Type: image/jpeg";
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        Ok(http.post(&self.url).header("content-type", kind).body(body).send().await?)
    }
}

async fn put(http: &Client, url: &str, bytes: Vec<u8>) -> Result<String> {
    let answer = http.put(url).body(bytes).send().await?;
    ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
    Ok(answer.headers()["etag"].to_str()?.to_owned())
}

/// A photo of this size: what follows its end is ignored by every reader.
fn photo(size: usize) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(sample("rocket.jpg"))?;
    bytes.resize(size, 0xa5);
    Ok(bytes)
}

async fn ready(line: &Line, id: MediaId, size: usize) -> Result<()> {
    let catalogue = line.catalogue().await?;
    let record = line.wait_for_media(&catalogue, id, "the version", |record| record.state.is_final()).await?;
    assert_eq!((record.state, record.size_bytes), (MediaState::Ready, size as u64), "{record:?}");
    assert_eq!(record.current.map(|current| current.version), Some(1));
    Ok(())
}

async fn state(line: &Line, id: MediaId) -> Result<MediaState> {
    Ok(line.catalogue().await?.media(id).await?.context("no record")?.state)
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_by_hand_and_every_repeat() -> Result<()> {
    let line = Line::start().await?;
    let token = line.token("acme", "u-7")?;
    let bytes = photo(11 * MIB)?;
    for (uppy, quotes) in [(Uppy::five(&line, token.clone()), true), (Uppy::six(&line, &token), false)] {
        let upload = uppy.create().await?;
        ensure!(upload.key.starts_with("raw/acme/u-7/"), "{}", upload.key);
        assert_eq!(uppy.get(&upload.path("")).await?, (StatusCode::OK, json!([])));
        let first = uppy.send(&upload, 1, bytes[..5 * MIB].to_vec()).await?;
        // Two more by one request.
        let path = format!("{}&partNumbers=2,3", upload.path("/batch"));
        let (_, batch) = uppy.get(&path).await?;
        let url = |number: &str| batch["presignedUrls"][number].as_str().context("no url");
        let second = put(&uppy.http, url("2")?, bytes[5 * MIB..10 * MIB].to_vec()).await?;
        let third = put(&uppy.http, url("3")?, bytes[10 * MIB..].to_vec()).await?;
        let (_, listed) = uppy.get(&upload.path("")).await?;
        let sizes: Vec<_> = listed.as_array().context("no array")?.iter().map(|part| &part["Size"]).collect();
        assert_eq!(sizes, [5 * MIB, 5 * MIB, MIB]);
        assert_eq!((&listed[0]["PartNumber"], &listed[0]["ETag"]), (&json!(1), &json!(first)));

        let etags = [first, second, third].map(|etag| if quotes { etag } else { etag.replace('"', "") });
        let parts = [(3, etags[2].as_str()), (1, &etags[0]), (2, &etags[1])];
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(uppy.complete(&upload, &parts).await?);
        }
        let location = format!("{}/m/{}", line.url(), upload.media_id()?);
        let bucket = line.store_config().bucket;
        let expected = json!({ "location": location, "key": upload.key, "bucket": bucket });
        for answer in answers {
            assert_eq!(answer, (StatusCode::OK, expected.clone()));
        }
        ready(&line, upload.media_id()?, bytes.len()).await.with_context(|| line.logs())?;
        assert_eq!(uppy.http.get(&location).send().await?.status(), StatusCode::OK);

        // What is completed takes nothing more, and cannot be given up.
        for (method, what) in [(Method::GET, ""), (Method::GET, "/1"), (Method::DELETE, "")] {
            let (status, refusal) = uppy.ask(method, &upload.path(what), None).await?;
            assert_eq!((status, &refusal["code"]), (StatusCode::CONFLICT, &json!("upload_closed")), "{what}");
        }
    }
    ensure!(!line.logs().contains(&token), "a log has the token");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_becomes_a_picture_though_nobody_says_so() -> Result<()> {
    let mut line = Line::start_with(Options {
        settings: vec![("policy", "max_file_bytes", (2 * MIB).to_string())],
        ..Options::default()
    })
    .await?;
    let uppy = Uppy::six(&line, &line.token("acme", "u-7")?);
    let bytes = photo(MIB)?;
    let form = uppy.form().await?;
    let answer = form.send(&line.http, &bytes).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    ensure!(status == StatusCode::CREATED, "{status}: {}", answer.text().await?);
    ensure!(headers.contains_key("etag"), "{headers:?}");
    ready(&line, media_id(form.key()?)?, bytes.len()).await.with_context(|| line.logs())?;

    // The same where the API dies before it can look.
    let form = uppy.form().await?;
    line.crash_api();
    ensure!(form.send(&line.http, &bytes).await?.status().is_success());
    line.start_api().await?;
    ready(&line, media_id(form.key()?)?, bytes.len()).await.with_context(|| line.logs())?;

    // The store itself holds the limit, refuses an empty file, and another key.
    let mut form = uppy.form().await?;
    for refused in [vec![], photo(2 * MIB + 1)?] {
        let status = form.send(&line.http, &refused).await?.status();
        ensure!(status.is_client_error(), "{} bytes: {status}", refused.len());
    }
    let waiting = media_id(form.key()?)?;
    for (name, value) in &mut form.fields {
        if name == "key" {
            *value = format!("raw/acme/u-8/{waiting}");
        }
    }
    assert_eq!(form.send(&line.http, &bytes).await?.status(), StatusCode::FORBIDDEN);
    assert_eq!(state(&line, waiting).await?, MediaState::Uploading);
    Ok(())
}

/// presign-api was away for longer than an upload may be abandoned: its first sweep finds the form before anybody looks.
#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_notes_a_form_that_has_arrived() -> Result<()> {
    let settings = vec![("sweeper", "abandoned_after_s", "1".to_owned())];
    let mut line = Line::start_with(Options { settings, ..Options::default() }).await?;
    let bytes = photo(MIB)?;
    let form = Uppy::six(&line, &line.token("acme", "u-7")?).form().await?;
    line.crash_api();
    ensure!(form.send(&line.http, &bytes).await?.status().is_success());
    let catalogue = line.catalogue().await?;
    let due = catalogue.due_looks(i64::MAX, 10).await?.pop().context("no look is due")?;
    ensure!(catalogue.take_look(&due, i64::MAX).await?);
    line.start_api().await?;
    ready(&line, media_id(form.key()?)?, bytes.len()).await.with_context(|| line.logs())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_has_arrived_costs_one_look() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let relay = relay_before_the_store(&mut line).await?;
    let form = Uppy::six(&line, &line.token("acme", "u-7")?).form().await?;
    ensure!(form.send(&line.http, &photo(MIB)?).await?.status().is_success());
    let (catalogue, id) = (line.catalogue().await?, media_id(form.key()?)?);
    line.wait_for_media(&catalogue, id, "the form", |media| media.state == MediaState::Uploaded).await?;
    let looks = relay.exchanges().into_iter().filter(|asked| asked.path.ends_with(&id.to_string()));
    assert_eq!(looks.filter(|asked| asked.status == Some(200)).count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_checks_no_forms_gets_none() -> Result<()> {
    let settings = vec![("policy", "forms", "false".to_owned())];
    let line = Line::start_with(Options { settings, workers: 0, ..Options::default() }).await?;
    let uppy = Uppy::five(&line, line.token("acme", "u")?);
    let (status, refusal) = uppy.get("/params?filename=a.jpg").await?;
    assert_eq!((status, &refusal["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    uppy.create().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_though_nobody_announces_a_size() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "max_file_bytes", (12 * MIB).to_string())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let uppy = Uppy::five(&line, line.token("acme", "u")?);
    let code = |(status, body): (StatusCode, Value)| (status.as_u16(), body["code"].as_str().unwrap_or("").to_owned());

    // By a part's number: a fourth part would begin beyond 12 MiB.
    let upload = uppy.create().await?;
    assert_eq!(code(uppy.get(&upload.path("/4")).await?), (413, "file_too_large".to_owned()));
    // By what the store has: refused, and given up.
    let first = uppy.send(&upload, 1, vec![1; 7 * MIB]).await?;
    let second = uppy.send(&upload, 2, vec![2; 6 * MIB]).await?;
    let answer = uppy.complete(&upload, &[(1, &first), (2, &second)]).await?;
    assert_eq!(answer.1["message"], format!("The file is too large: the limit is {} bytes.", 12 * MIB));
    assert_eq!(code(answer), (413, "file_too_large".to_owned()));
    assert_eq!(state(&line, upload.media_id()?).await?, MediaState::Aborted);
    assert_eq!(code(uppy.complete(&upload, &[(1, &first)]).await?), (409, "upload_closed".to_owned()));

    // An empty file is none.
    let upload = uppy.create().await?;
    let empty = uppy.send(&upload, 1, Vec::new()).await?;
    assert_eq!(code(uppy.complete(&upload, &[(1, &empty)]).await?), (400, "empty_file".to_owned()));
    assert_eq!(state(&line, upload.media_id()?).await?, MediaState::Aborted);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_message() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let token = line.token("acme", "u")?;
    let uppy = Uppy::five(&line, token.clone());
    let code = |(status, body): (StatusCode, Value)| (status.as_u16(), body["code"].as_str().unwrap_or("").to_owned());
    let is = |status: u16, code: &str| (status, code.to_owned());

    // Who calls.
    let nobody = Uppy { token: None, ..Uppy::five(&line, String::new()) };
    let late = Uppy::six(&line, &line.token_until("acme", "u", 1_000_000)?);
    let wrong = Uppy::six(&line, "not-a-token");
    for path in ["/params?filename=a&type=b", "/sts", "/multipart/x?key=y", "/multipart/x/1?key=y"] {
        assert_eq!(code(nobody.get(path).await?), is(401, "unauthorized"), "{path}");
        assert_eq!(code(wrong.get(path).await?), is(401, "unauthorized"), "{path}");
        assert_eq!(code(late.get(path).await?), is(401, "token_expired"), "{path}");
    }
    assert_eq!(code(uppy.get("/sts").await?), is(403, "forbidden"));

    // What is not there.
    assert_eq!(code(uppy.get("/nothing").await?), is(404, "not_found"));
    assert_eq!(code(uppy.ask(Method::PUT, "/multipart", None).await?), is(405, "method_not_allowed"));
    let upload = uppy.create().await?;
    let etag = uppy.send(&upload, 1, vec![1; 1_000]).await?;
    let strangers = [Uppy::six(&line, &line.token("acme", "u-8")?), Uppy::six(&line, &line.token("other", "u")?)];
    let other_key = Begun { id: upload.id.clone(), key: uppy.create().await?.key };
    let unknown = Begun { id: MediaId::from_uuid(uuid::Uuid::now_v7()).to_string(), key: upload.key.clone() };
    let no_id = Begun { id: "no-id".to_owned(), key: upload.key.clone() };
    let refused =
        [(&strangers[0], &upload), (&strangers[1], &upload), (&uppy, &other_key), (&uppy, &unknown), (&uppy, &no_id)];
    for (caller, upload) in refused {
        for (method, what) in [(Method::GET, ""), (Method::GET, "/1"), (Method::DELETE, "")] {
            assert_eq!(code(caller.ask(method, &upload.path(what), None).await?), is(404, "upload_not_found"));
        }
        let batch = format!("{}&partNumbers=1", upload.path("/batch"));
        assert_eq!(code(caller.get(&batch).await?), is(404, "upload_not_found"));
        assert_eq!(code(caller.complete(upload, &[(1, &etag)]).await?), is(404, "upload_not_found"));
    }

    // What cannot be read, or is not so.
    for number in ["0", "10001", "x", "-1"] {
        assert_eq!(code(uppy.get(&upload.path(&format!("/{number}"))).await?), is(400, "invalid_request"), "{number}");
    }
    let many = vec!["1"; 101].join(",");
    for numbers in ["", "1,,2", "0", &many] {
        let path = format!("{}&partNumbers={numbers}", upload.path("/batch"));
        assert_eq!(code(uppy.get(&path).await?), is(400, "invalid_request"), "{numbers}");
    }
    for path in ["/params", &format!("/multipart/{}", upload.id), &format!("/multipart/{}/1", upload.id)] {
        assert_eq!(code(uppy.get(path).await?), is(400, "invalid_request"), "{path}");
    }
    for body in [json!("no object"), json!({ "type": "image/jpeg" }), json!({ "filename": 7 })] {
        assert_eq!(code(uppy.ask(Method::POST, "/multipart", Some(body)).await?), is(400, "invalid_request"));
    }
    for body in [json!({}), json!({ "parts": [{}] }), json!({ "parts": [{ "PartNumber": 0, "ETag": "x" }] })] {
        let answer = uppy.ask(Method::POST, &upload.path("/complete"), Some(body)).await?;
        assert_eq!(code(answer), is(400, "invalid_request"));
    }
    assert_eq!(code(uppy.complete(&upload, &[]).await?), is(400, "invalid_request"));
    assert_eq!(code(uppy.complete(&upload, &[(1, &etag), (1, &etag)]).await?), is(400, "invalid_request"));
    assert_eq!(code(uppy.complete(&upload, &[(1, &etag), (2, "x")]).await?), is(409, "parts_missing"));
    assert_eq!(code(uppy.complete(&upload, &[(1, "x")]).await?), is(409, "part_mismatch"));

    // The two protocols do not know each other's uploads.
    let own = ApiClient::new(line.http.clone(), line.url(), token);
    let answer = own.get::<Upload>(&format!("/v1/uploads/{}", upload.id)).await?;
    assert_eq!(answer.map_err(|problem| problem.status).err(), Some(404));
    let announced = own.create("a.jpg", 1_000).await?.map_err(sealmark_tests::client::refused)?;
    let key = format!("raw/acme/u/{}", announced.media_id);
    let announced = Begun { id: announced.upload_id.to_string(), key };
    assert_eq!(code(uppy.get(&announced.path("")).await?), is(404, "upload_not_found"));

    // Given up: a repeat answers the same, and nothing more may be done.
    for _ in 0..2 {
        assert_eq!(uppy.ask(Method::DELETE, &upload.path(""), None).await?, (StatusCode::OK, json!({})));
    }
    assert_eq!(state(&line, upload.media_id()?).await?, MediaState::Aborted);
    for what in ["", "/1"] {
        assert_eq!(code(uppy.get(&upload.path(what)).await?), is(409, "upload_closed"));
    }
    assert_eq!(code(uppy.complete(&upload, &[(1, &etag)]).await?), is(409, "upload_closed"));
    Ok(())
}

async fn in_chromium(version: &str) -> Result<()> {
    const LARGE: usize = 20 * MIB;
    let shop = format!("http://127.0.0.1:{}", free_port()?);
    let line =
        Line::start_with(Options { settings: vec![("http", "origins", format!("[{shop:?}]"))], ..Options::default() })
            .await?;
    let (small, large) = (sample("rocket.jpg"), line.folder().join("large.jpg"));
    std::fs::write(&large, photo(LARGE)?)?;
    let (api, token) = (line.url(), line.token("acme", "u-7")?);
    let arguments = [Path::new(version), Path::new(&api), Path::new(&token), &small, &large];
    let mut browser = Browser::start("uppy", &shop, &arguments, line.folder())?;
    let key = |said: &Value| said["key"].as_str().context("no key").and_then(media_id);
    let asked = |said: &Value| -> Vec<String> {
        let asked = said["asked"].as_array().into_iter().flatten().filter_map(Value::as_str);
        asked.map(|request| request.split(['?', '/']).next().unwrap_or_default().to_owned()).collect()
    };

    let form = browser.expect("form").await.with_context(|| line.logs())?;
    ready(&line, key(&form)?, std::fs::read(&small)?.len()).await.with_context(|| line.logs())?;
    assert_eq!(asked(&form), ["GET params"], "{form}");

    let parts = browser.expect("parts").await.with_context(|| line.logs())?;
    assert_eq!(parts["url"], format!("{api}/m/{}", key(&parts)?));
    ready(&line, key(&parts)?, LARGE).await.with_context(|| line.logs())?;

    browser.expect("paused").await.with_context(|| line.logs())?;
    browser.go_on().await?;
    let resumed = browser.expect("resumed").await.with_context(|| line.logs())?;
    ready(&line, key(&resumed)?, LARGE).await.with_context(|| line.logs())?;
    // It asks which parts are there, and does not sign all four again.
    let after = resumed["asked"].as_array().context("nothing asked")?;
    let is_list = |request: &Value| {
        request.as_str().is_some_and(|text| {
            text.starts_with("GET multipart/") && !text.contains("/1?") && text.matches('/').count() == 1
        })
    };
    ensure!(after.first().is_some_and(is_list), "{after:?}");
    ensure!(after.len() < 1 + 4 + 1, "{after:?}");

    let aborted = browser.expect("aborted").await.with_context(|| line.logs())?;
    assert_eq!(aborted["status"], 200);
    assert_eq!(state(&line, key(&aborted)?).await?, MediaState::Aborted);
    browser.finish().await?;
    ensure!(!line.logs().contains(&token), "a log has the token");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn uppy_5_unmodified() -> Result<()> {
    in_chromium("5").await
}

#[tokio::test(flavor = "multi_thread")]
async fn uppy_6_unmodified() -> Result<()> {
    in_chromium("6").await
}

#[test]
fn the_documents_samples_are_those_that_run() -> Result<()> {
    let document = std::fs::read_to_string(root().join("docs/companion.md"))?;
    for version in ["5", "6"] {
        let code = std::fs::read_to_string(root().join(format!("tests/browser/uppy/{version}/sample.js")))?;
        ensure!(document.contains(&format!("```js\n{code}```")), "docs/companion.md lacks the sample for {version}");
    }
    Ok(())
}
