//! A client for the API written by hand, for tests that do what the real clients never would.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use sealmark_protocol::{
    Checksum, CompleteRequest, CreateUploadRequest, MediaRecord, PartToSign, Problem, Sha256Digest, SignPartsRequest,
    SignPartsResponse, SignedPart, Upload,
};
use serde::{Serialize, de::DeserializeOwned};

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: Client,
    base: String,
    token: String,
}

/// What the API answered: the thing asked for, or a problem.
pub type Answer<T> = Result<Result<T, Problem>>;

impl ApiClient {
    /// A client of the API at `base`.
    pub fn new(http: Client, base: impl Into<String>, token: impl Into<String>) -> Self {
        Self { http, base: base.into(), token: token.into() }
    }

    /// A request with this client's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// `GET`, as JSON.
    ///
    /// # Errors
    /// When the answer is neither the thing nor a problem.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        read(self.request(Method::GET, path).send().await?).await
    }

    /// `POST` of JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Answer<T> {
        read(self.request(Method::POST, path).json(body).send().await?).await
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn create(&self, file_name: &str, size_bytes: u64) -> Answer<Upload> {
        let request =
            CreateUploadRequest { part_size_bytes: Some(5 << 20), ..CreateUploadRequest::new(file_name, size_bytes) };
        self.post("/v1/uploads", &request).await
    }

    /// Signs one part for these bytes.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn sign(&self, upload: &Upload, number: u32, bytes: &[u8]) -> Result<SignedPart> {
        let part = PartToSign::new(number.try_into()?, Checksum::Sha256(Sha256Digest::of(bytes)));
        let path = format!("/v1/uploads/{}/parts", upload.upload_id);
        let answer: SignPartsResponse =
            self.post(&path, &SignPartsRequest { parts: vec![part] }).await?.map_err(refused)?;
        answer.parts.into_iter().next().context("no part in the answer")
    }

    /// Sends bytes to a presigned URL; the store's answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn put(&self, signed: &SignedPart, bytes: Vec<u8>) -> Result<Response> {
        let mut request = self.http.put(&signed.url).body(bytes);
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        Ok(request.send().await?)
    }

    /// Sends bytes by a signed form, or by a PUT where it is none; the store's answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, signed: &SignedPart, bytes: Vec<u8>) -> Result<Response> {
        if signed.fields.is_empty() {
            return self.put(signed, bytes).await;
        }
        let (kind, body) = form_body(&signed.fields, &bytes);
        Ok(self.http.post(&signed.url).header("content-type", kind).body(body).send().await?)
    }

    /// Signs and sends every part of a file.
    ///
    /// # Errors
    /// When a part is refused.
    pub async fn send_all(&self, upload: &Upload, bytes: &[u8]) -> Result<()> {
        let plan = upload.plan();
        for number in plan.numbers() {
            let (offset, length) = plan.range(number).context("a part past the end")?;
            let part = &bytes[offset as usize..(offset + length) as usize];
            let signed = self.sign(upload, number.get(), part).await?;
            let status = self.put(&signed, part.to_vec()).await?.status();
            ensure!(status == StatusCode::OK, "part {number}: {status}");
        }
        Ok(())
    }

    /// Completes an upload.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn complete(&self, upload: &Upload) -> Answer<MediaRecord> {
        self.post(&format!("/v1/uploads/{}/complete", upload.upload_id), &CompleteRequest::default()).await
    }

    /// Uploads a file from begin to end.
    ///
    /// # Errors
    /// When anything is refused.
    pub async fn upload(&self, file_name: &str, bytes: &[u8]) -> Result<MediaRecord> {
        let upload = self.create(file_name, bytes.len() as u64).await?.map_err(refused)?;
        self.send_all(&upload, bytes).await?;
        self.complete(&upload).await?.map_err(refused)
    }
}

/// A form as a browser encodes it: its content type and its body, the file last.
///
/// Source: RFC 7578.
pub fn form_body(fields: &BTreeMap<String, String>, file: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----SealmarkTestBoundary0f6b1c";
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n";
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// A problem as an error of the test.
pub fn refused(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("refused: {problem:?}")
}

async fn read<T: DeserializeOwned>(answer: Response) -> Answer<T> {
    let status = answer.status();
    let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let body = answer.text().await?;
    let context = || format!("{status} {kind}: {body}");
    if status.is_success() {
        let body = if body.is_empty() { "null" } else { &body };
        return Ok(Ok(serde_json::from_str(body).with_context(context)?));
    }
    ensure!(kind == "application/problem+json", "not a problem: {}", context());
    let problem: Problem = serde_json::from_str(&body).with_context(context)?;
    ensure!(problem.status == status.as_u16(), "{}", context());
    ensure!(!problem.request_id.is_empty(), "{}", context());
    Ok(Err(problem))
}
