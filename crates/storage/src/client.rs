//! The client: how it connects, how long it waits, how often it repeats.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
        retry::RetryConfig, timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::{StorageError, StoreConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One attempt; a body that stalls is noticed sooner by the SDK's own protection.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// All attempts of a call with the pauses between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(150);
/// For calls in which the store moves a whole file: putting thousands of parts together, or copying gigabytes.
const LONG_TIMEOUT: Duration = Duration::from_secs(300);
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// An S3 bucket, with everything that Sealmark does there.
///
/// Cheap to clone; clones share their connections. A transient failure is repeated twice before it is reported.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    /// Signs for the host that browsers see; it never sends anything.
    pub(crate) signer: Client,
    pub(crate) bucket: String,
    pub(crate) region: String,
    /// Sign forms; their `Debug` hides the secret.
    pub(crate) credentials: Credentials,
    /// Where browsers send forms.
    pub(crate) form_url: String,
}

impl Store {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`StorageError::Config`] with every value that cannot work.
    pub fn new(config: &StoreConfig) -> Result<Self, StorageError> {
        let mistakes = config.mistakes();
        if !mistakes.is_empty() {
            return Err(StorageError::Config { mistakes });
        }
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        Ok(Self {
            client: client(config, &config.endpoint, http.clone()),
            signer: client(config, config.public_endpoint(), http),
            bucket: config.bucket.clone(),
            region: config.region.clone(),
            credentials: credentials(config),
            form_url: config.form_url(),
        })
    }

    /// Name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }
}

/// The timeouts of a call in which the store moves a whole file: one attempt may take as long as all of them together.
pub(crate) fn long_call() -> aws_sdk_s3::config::Builder {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(LONG_TIMEOUT).operation_timeout(LONG_TIMEOUT).build();
    aws_sdk_s3::Config::builder().timeout_config(timeouts)
}

fn credentials(config: &StoreConfig) -> Credentials {
    Credentials::new(&config.access_key, &config.secret_key, None, None, "sealmark")
}

fn client(config: &StoreConfig, endpoint: &str, http: SharedHttpClient) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(config.region.clone()))
        .credentials_provider(credentials(config))
        .force_path_style(config.path_style)
        .http_client(http)
        // Checksums are ours to choose: every write carries SHA-256, and CRC32 trailers are beyond some stores.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        // An original's checksum is one of its parts' checksums, which the SDK cannot check and warns about each time.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(FIRST_PAUSE)
                .with_max_backoff(LONGEST_PAUSE),
        )
        .build();
    Client::from_conf(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_does_not_show_its_secret() {
        let config: StoreConfig = serde_json::from_value(serde_json::json!({
            "endpoint": "http://127.0.0.1:1", "bucket": "pictures", "access_key": "name", "secret_key": "swordfish",
        }))
        .unwrap();
        let shown = format!("{:?}", Store::new(&config).unwrap());
        assert!(!shown.contains("swordfish"), "{shown}");
        let wrong = Store::new(&StoreConfig { bucket: String::new(), ..config }).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "the store's configuration cannot work: bucket must be 3 to 63 of a-z 0-9 . and -"
        );
    }
}
