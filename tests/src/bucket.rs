//! A bucket as somebody uses it who is not one of our services: any key, any bytes.

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Region, RequestChecksumCalculation},
    primitives::ByteStream,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;
use sealmark_storage::StoreConfig;

/// The bucket of a store.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// That of a configuration; nothing is sent yet.
    pub fn new(config: &StoreConfig) -> Self {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let client = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&config.endpoint)
            .region(Region::new(config.region.clone()))
            .credentials_provider(Credentials::new(&config.access_key, &config.secret_key, None, None, "tests"))
            .force_path_style(config.path_style)
            .http_client(http)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        Self { client: Client::from_conf(client), name: config.bucket.clone() }
    }

    /// Writes an object.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>) -> Result<()> {
        let body = ByteStream::from(bytes.into());
        let put = self.client.put_object().bucket(&self.name).key(key).body(body).send().await;
        put.map(drop).with_context(|| format!("writing {key}"))
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let deleted = self.client.delete_object().bucket(&self.name).key(key).send().await;
        deleted.map(drop).with_context(|| format!("deleting {key}"))
    }
}
