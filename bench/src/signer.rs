//! What signs for plain `fetch`: the pages' own origin, with the store's keys.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region, RequestChecksumCalculation},
    presigning::PresigningConfig,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use sealmark_storage::StoreConfig;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

const TTL: Duration = Duration::from_secs(3_600);

/// Clients for one store: one that calls it, one that signs for the address that browsers see.
#[derive(Debug, Clone)]
struct Store {
    client: Client,
    signer: Client,
    bucket: String,
}

type Stores = Arc<HashMap<String, Store>>;

struct Refused(String);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(format!("{:#}", anyhow::Error::new(error)))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, Json(json!({ "message": self.0 }))).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

/// Serves the pages of a folder, and signs for each of these stores under its name. The port.
///
/// # Errors
/// When no port is free.
pub(crate) async fn start(pages: &Path, listener: TcpListener, stores: HashMap<String, StoreConfig>) -> Result<()> {
    let stores: Stores = Arc::new(stores.into_iter().map(|(name, config)| (name, Store::new(&config))).collect());
    let routes = Router::new()
        .route("/sign/{store}/create", post(create))
        .route("/sign/{store}/part", post(part))
        .route("/sign/{store}/put", post(put))
        .route("/sign/{store}/complete", post(complete))
        .fallback_service(ServeDir::new(pages))
        .with_state(stores);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(())
}

/// Drops a bucket with all that is in it.
pub(crate) async fn drop_bucket(config: &StoreConfig) {
    let store = Store::new(config);
    let _ = store.client.delete_bucket().bucket(&store.bucket).send().await;
}

impl Store {
    fn new(config: &StoreConfig) -> Self {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let client = |endpoint: &str| {
            let credentials = Credentials::new(&config.access_key, &config.secret_key, None, None, "bench");
            let built = aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .endpoint_url(endpoint)
                .region(Region::new(config.region.clone()))
                .credentials_provider(credentials)
                .force_path_style(true)
                .http_client(http.clone())
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
            Client::from_conf(built.build())
        };
        let public = config.public_endpoint.as_deref().unwrap_or(&config.endpoint);
        Self { client: client(&config.endpoint), signer: client(public), bucket: config.bucket.clone() }
    }

    async fn begin(&self, name: &str, sha256: bool) -> Result<(String, String), Refused> {
        let key = format!("bench/{}-{name}", uuid());
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(&key)
            .set_checksum_algorithm(sha256.then_some(ChecksumAlgorithm::Sha256))
            .send()
            .await?;
        Ok((key, answer.upload_id.unwrap_or_default()))
    }

    async fn sign(&self, key: &str, upload_id: &str, number: i32, sha256: Option<String>) -> Result<String, Refused> {
        let signed = self
            .signer
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .part_number(number)
            .set_checksum_sha256(sha256)
            .presigned(PresigningConfig::expires_in(TTL)?)
            .await?;
        Ok(signed.uri().to_owned())
    }

    async fn finish(&self, key: &str, upload_id: &str, parts: Vec<Stored>) -> Result<String, Refused> {
        let mut parts = parts;
        parts.sort_by_key(|part| part.number);
        let parts = parts.into_iter().map(|part| {
            CompletedPart::builder().part_number(part.number).e_tag(part.etag).set_checksum_sha256(part.sha256).build()
        });
        let answer = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build())
            .send()
            .await?;
        Ok(answer.location.unwrap_or_default())
    }
}

fn uuid() -> String {
    static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!("{:08}", LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn find(stores: &Stores, name: &str) -> Result<Store, Refused> {
    stores.get(name).cloned().ok_or_else(|| Refused(format!("no store {name}")))
}

/// A part that is in the store.
#[derive(Deserialize)]
struct Stored {
    number: i32,
    etag: String,
    #[serde(default)]
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Create {
    name: String,
    /// Parts to sign at once.
    parts: i32,
    sha256: bool,
}

async fn create(State(stores): State<Stores>, UrlPath(store): UrlPath<String>, body: String) -> Answer {
    let (store, request): (_, Create) = (find(&stores, &store)?, serde_json::from_str(&body)?);
    let (key, upload_id) = store.begin(&request.name, request.sha256).await?;
    let mut urls = Vec::new();
    for number in 1..=request.parts {
        urls.push(store.sign(&key, &upload_id, number, None).await?);
    }
    Ok(Json(json!({ "key": key, "upload_id": upload_id, "urls": urls })))
}

#[derive(Deserialize)]
struct Part {
    key: String,
    upload_id: String,
    number: i32,
    sha256: Option<String>,
}

async fn part(State(stores): State<Stores>, UrlPath(store): UrlPath<String>, body: String) -> Answer {
    let (store, request): (_, Part) = (find(&stores, &store)?, serde_json::from_str(&body)?);
    let url = store.sign(&request.key, &request.upload_id, request.number, request.sha256).await?;
    Ok(Json(json!({ "url": url })))
}

#[derive(Deserialize)]
struct Put {
    name: String,
}

async fn put(State(stores): State<Stores>, UrlPath(store): UrlPath<String>, body: String) -> Answer {
    let (store, request): (_, Put) = (find(&stores, &store)?, serde_json::from_str(&body)?);
    let key = format!("bench/{}-{}", uuid(), request.name);
    let config = PresigningConfig::expires_in(TTL)?;
    let signed = store.signer.put_object().bucket(&store.bucket).key(key).presigned(config).await?;
    Ok(Json(json!({ "url": signed.uri() })))
}

#[derive(Deserialize)]
struct Complete {
    key: String,
    upload_id: String,
    parts: Vec<Stored>,
}

async fn complete(State(stores): State<Stores>, UrlPath(store): UrlPath<String>, body: String) -> Answer {
    let (store, request): (_, Complete) = (find(&stores, &store)?, serde_json::from_str(&body)?);
    let location = store.finish(&request.key, &request.upload_id, request.parts).await?;
    Ok(Json(json!({ "location": location })))
}
