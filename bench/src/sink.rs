//! A store that answers at once: just enough of S3 for an upload, the bytes discarded as they come.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// Largest form that is taken, in bytes: forms are for small files.
const FORM_BYTES: usize = 16 << 20;

/// Headers and form fields of the checksums that we use.
const CHECKSUMS: [&str; 2] = ["x-amz-checksum-sha256", "x-amz-checksum-crc64nvme"];

/// What the sink counts. A byte counts as soon as it has come, whatever becomes of the request.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Bytes of parts, whole objects and forms.
    pub(crate) received_bytes: AtomicU64,
    /// Those of a part that was there already when its request began.
    pub(crate) again_bytes: AtomicU64,
    /// Requests that were not preflights.
    pub(crate) requests: AtomicU64,
    /// Preflights.
    pub(crate) preflights: AtomicU64,
}

/// One upload that is not complete.
#[derive(Debug, Default)]
struct Upload {
    key: String,
    parts: BTreeMap<u32, Part>,
}

#[derive(Debug, Clone)]
struct Part {
    size_bytes: u64,
    etag: String,
}

#[derive(Debug)]
struct Object {
    size_bytes: u64,
    etag: String,
    /// The header of a checksum and its value, as a form announced it.
    checksum: Option<(&'static str, String)>,
}

#[derive(Debug, Default)]
struct Contents {
    uploads: HashMap<String, Upload>,
    objects: HashMap<String, Object>,
    last: u64,
}

/// A running sink; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sink {
    contents: Arc<Mutex<Contents>>,
    /// What has come.
    pub(crate) counts: Arc<Counts>,
    refusing: Arc<AtomicBool>,
    verifies: bool,
}

impl Sink {
    /// Starts one on a free loopback port and returns it with the port. With `verifies` it checks SHA-256, as a store does.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) async fn start(verifies: bool) -> Result<(Self, u16)> {
        let sink = Self { verifies, ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let routes = Router::new().fallback(answer).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((sink, port))
    }

    /// Answers 503 from now on, or no longer.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Counts from 0. What it has stays: presign-api may still want to see that a form has come.
    pub(crate) fn count_anew(&self) {
        for count in
            [&self.counts.received_bytes, &self.counts.again_bytes, &self.counts.requests, &self.counts.preflights]
        {
            count.store(0, Ordering::SeqCst);
        }
    }

    fn contents(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads a body to its end; its length, and its SHA-256 where that is to be checked.
    async fn swallow(&self, body: Body, again: bool, hash: bool) -> Option<(u64, Option<[u8; 32]>)> {
        let mut length = 0;
        let mut hasher = hash.then(Sha256::new);
        let mut body = body.into_data_stream();
        while let Some(bytes) = body.next().await {
            let bytes: Bytes = bytes.ok()?;
            length += bytes.len() as u64;
            self.counts.received_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if again {
                self.counts.again_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            if let Some(hasher) = &mut hasher {
                hasher.update(&bytes);
            }
        }
        Some((length, hasher.map(|hasher| hasher.finalize().into())))
    }

    async fn put(&self, place: &Place, headers: &HeaderMap, body: Body) -> Response {
        let number: Option<u32> = place.query.get("partNumber").and_then(|number| number.parse().ok());
        let upload_id = place.query.get("uploadId").cloned().unwrap_or_default();
        let again = number.is_some_and(|number| {
            self.contents().uploads.get(&upload_id).is_some_and(|upload| upload.parts.contains_key(&number))
        });
        let claimed = headers.get("x-amz-checksum-sha256").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Some((size_bytes, sha256)) = self.swallow(body, again, self.verifies && claimed.is_some()).await else {
            return problem(StatusCode::BAD_REQUEST, "IncompleteBody");
        };
        if self.refusing.load(Ordering::SeqCst) {
            return problem(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
        }
        if let (Some(sha256), Some(claimed)) = (sha256, &claimed)
            && crate::base64(&sha256) != *claimed
        {
            return problem(StatusCode::BAD_REQUEST, "BadDigest");
        }
        let mut contents = self.contents();
        contents.last += 1;
        let etag = format!("\"{:032x}\"", contents.last);
        if let Some(number) = number {
            let Some(upload) = contents.uploads.get_mut(&upload_id) else {
                return problem(StatusCode::NOT_FOUND, "NoSuchUpload");
            };
            upload.parts.insert(number, Part { size_bytes, etag: etag.clone() });
        } else {
            contents.objects.insert(place.key.clone(), Object { size_bytes, etag: etag.clone(), checksum: None });
        }
        let mut answer = with_etag(StatusCode::OK, &etag);
        for name in CHECKSUMS {
            if let Some(value) = headers.get(name) {
                answer.headers_mut().insert(HeaderName::from_static(name), value.clone());
            }
        }
        answer
    }

    async fn post(&self, place: &Place, headers: &HeaderMap, body: Body) -> Response {
        if place.query.contains_key("uploads") {
            let mut contents = self.contents();
            contents.last += 1;
            let id = format!("sink-{}", contents.last);
            contents.uploads.insert(id.clone(), Upload { key: place.key.clone(), parts: BTreeMap::new() });
            return xml(&format!(
                "<InitiateMultipartUploadResult><Bucket>{}</Bucket><Key>{}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>",
                place.bucket, place.key
            ));
        }
        if let Some(id) = place.query.get("uploadId") {
            // The etags are the client's own affair here; what counts is that every part came.
            let _ = axum::body::to_bytes(body, FORM_BYTES).await;
            let mut contents = self.contents();
            let Some(upload) = contents.uploads.remove(id) else {
                return problem(StatusCode::NOT_FOUND, "NoSuchUpload");
            };
            let etag = format!("\"{:032x}-{}\"", contents.last, upload.parts.len());
            let size_bytes = upload.parts.values().map(|part| part.size_bytes).sum();
            let key = upload.key;
            contents.objects.insert(key.clone(), Object { size_bytes, etag: etag.clone(), checksum: None });
            return xml(&format!(
                "<CompleteMultipartUploadResult><Location>/{}/{key}</Location><Bucket>{}</Bucket><Key>{key}</Key><ETag>{etag}</ETag></CompleteMultipartUploadResult>",
                place.bucket, place.bucket
            ));
        }
        self.form(headers, body).await
    }

    /// A form by POST policy: its `key` and the length of its `file`.
    async fn form(&self, headers: &HeaderMap, body: Body) -> Response {
        let Ok(bytes) = axum::body::to_bytes(body, FORM_BYTES).await else {
            return problem(StatusCode::BAD_REQUEST, "IncompleteBody");
        };
        self.counts.received_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if self.refusing.load(Ordering::SeqCst) {
            return problem(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
        }
        let boundary = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok()?.split_once("boundary="))
            .map(|(_, boundary)| boundary.trim_matches('"').to_owned());
        let Some((mut fields, size_bytes)) = boundary.and_then(|boundary| form_fields(&bytes, &boundary)) else {
            return problem(StatusCode::BAD_REQUEST, "MalformedPOSTRequest");
        };
        let Some(key) = fields.remove("key") else {
            return problem(StatusCode::BAD_REQUEST, "MalformedPOSTRequest");
        };
        let checksum = CHECKSUMS.into_iter().find_map(|name| Some((name, fields.remove(name)?)));
        let mut contents = self.contents();
        contents.last += 1;
        let etag = format!("\"{:032x}\"", contents.last);
        contents.objects.insert(key.clone(), Object { size_bytes, etag: etag.clone(), checksum });
        let mut answer = with_etag(StatusCode::NO_CONTENT, &etag);
        if let Ok(location) = HeaderValue::from_str(&format!("/{key}")) {
            answer.headers_mut().insert(header::LOCATION, location);
        }
        answer
    }

    fn get(&self, place: &Place) -> Response {
        if let Some(id) = place.query.get("uploadId") {
            let contents = self.contents();
            let Some(upload) = contents.uploads.get(id) else {
                return problem(StatusCode::NOT_FOUND, "NoSuchUpload");
            };
            let mut listed = String::new();
            for (number, part) in &upload.parts {
                let _ = write!(
                    listed,
                    "<Part><PartNumber>{number}</PartNumber><Size>{}</Size><ETag>{}</ETag><LastModified>2020-01-01T00:00:00.000Z</LastModified></Part>",
                    part.size_bytes, part.etag
                );
            }
            return xml(&format!("<ListPartsResult><IsTruncated>false</IsTruncated>{listed}</ListPartsResult>"));
        }
        xml("<ListBucketResult></ListBucketResult>")
    }

    fn head(&self, place: &Place) -> Response {
        if place.key.is_empty() {
            return StatusCode::OK.into_response();
        }
        let contents = self.contents();
        let Some(object) = contents.objects.get(&place.key) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let mut answer = with_etag(StatusCode::OK, &object.etag);
        answer.headers_mut().insert(header::CONTENT_LENGTH, object.size_bytes.into());
        if let Some((name, value)) = &object.checksum
            && let Ok(value) = HeaderValue::from_str(value)
        {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
        answer
    }

    fn delete(&self, place: &Place) -> Response {
        let mut contents = self.contents();
        match place.query.get("uploadId") {
            Some(id) => drop(contents.uploads.remove(id)),
            None => drop(contents.objects.remove(&place.key)),
        }
        StatusCode::NO_CONTENT.into_response()
    }
}

/// What a request is about.
struct Place {
    bucket: String,
    key: String,
    query: HashMap<String, String>,
}

impl Place {
    fn of(uri: &Uri) -> Self {
        let path = uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

async fn answer(State(sink): State<Sink>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let place = Place::of(&head.uri);
    let origin = head.headers.get(header::ORIGIN).cloned();
    if head.method == Method::OPTIONS {
        sink.counts.preflights.fetch_add(1, Ordering::Relaxed);
        return with_cors(StatusCode::NO_CONTENT.into_response(), origin, Some(&head.headers));
    }
    sink.counts.requests.fetch_add(1, Ordering::Relaxed);
    let writes = matches!(head.method, Method::PUT | Method::POST);
    let answer = if sink.refusing.load(Ordering::SeqCst) && !writes {
        problem(StatusCode::SERVICE_UNAVAILABLE, "SlowDown")
    } else {
        match head.method {
            Method::PUT => sink.put(&place, &head.headers, body).await,
            Method::POST => sink.post(&place, &head.headers, body).await,
            Method::GET => sink.get(&place),
            Method::HEAD => sink.head(&place),
            Method::DELETE => sink.delete(&place),
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    };
    with_cors(answer, origin, None)
}

fn with_cors(mut answer: Response, origin: Option<HeaderValue>, preflight: Option<&HeaderMap>) -> Response {
    let Some(origin) = origin else { return answer };
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Location"));
    if let Some(asked) = preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
    }
    answer
}

fn with_etag(status: StatusCode, etag: &str) -> Response {
    let mut answer = status.into_response();
    if let Ok(etag) = HeaderValue::from_str(etag) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer
}

fn xml(body: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}");
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn problem(status: StatusCode, code: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

/// The form's fields, and the length of its `file` in bytes.
fn form_fields(body: &[u8], boundary: &str) -> Option<(HashMap<String, String>, u64)> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let mut fields = HashMap::new();
    let mut rest = body;
    loop {
        let delimiter = format!("--{boundary}\r\n");
        rest = &rest[find(rest, delimiter.as_bytes())? + delimiter.len()..];
        let head_length = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_length]).into_owned();
        let name = head.split_once("name=\"")?.1.split_once('"')?.0.to_owned();
        rest = &rest[head_length + 4..];
        if name == "file" {
            // S3 reads nothing after it: what is left but for the closing delimiter is the file.
            let tail = format!("\r\n--{boundary}--\r\n").len();
            return Some((fields, rest.len().saturating_sub(tail) as u64));
        }
        let length = find(rest, b"\r\n--")?;
        fields.insert(name.to_lowercase(), String::from_utf8_lossy(&rest[..length]).into_owned());
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::form_fields;

    #[test]
    fn a_form_tells_its_fields_and_the_length_of_its_file() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nraw/a\r\n--x\r\nContent-Disposition: \
            form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: image/jpeg\r\n\r\n12345\r\n--x--\r\n";
        let fields = [("key".to_owned(), "raw/a".to_owned())].into();
        assert_eq!(form_fields(body, "x"), Some((fields, 5)));
        assert_eq!(form_fields(b"--x--", "x"), None);
    }
}
