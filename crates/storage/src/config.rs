//! Where the store is and who we are to it.

use std::fmt;

use serde::Deserialize;
use url::Url;

/// How to reach an S3 store.
///
/// ```
/// use sealmark_storage::StoreConfig;
/// let config: StoreConfig = serde_json::from_str(r#"{
///     "endpoint": "http://127.0.0.1:8333", "bucket": "sealmark", "access_key": "a", "secret_key": "b"
/// }"#).unwrap();
/// assert!(config.mistakes().is_empty());
/// assert!(!format!("{config:?}").contains("\"b\""));
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Where the services reach the store, for example `http://127.0.0.1:8333`.
    pub endpoint: String,
    /// Where browsers reach the same store; presigned URLs name this host. `endpoint` where it is absent.
    #[serde(default)]
    pub public_endpoint: Option<String>,
    /// Region inside the signature; `us-east-1` where it is absent.
    #[serde(default = "default_region")]
    pub region: String,
    /// Bucket that holds everything of one installation.
    pub bucket: String,
    /// Name of the key pair.
    pub access_key: String,
    /// Secret of the key pair; `Debug` hides it.
    pub secret_key: String,
    /// Whether the bucket stands in the path (`host/bucket/key`, the default) and not in the host name.
    #[serde(default = "default_path_style")]
    pub path_style: bool,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

const fn default_path_style() -> bool {
    true
}

/// One value of a [`StoreConfig`] that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {expected}")]
pub struct ConfigMistake {
    /// Name of the field.
    pub field: &'static str,
    /// What it must be.
    pub expected: &'static str,
}

impl StoreConfig {
    /// Every value that cannot work; empty for a usable configuration.
    ///
    /// Source: Amazon S3, bucket naming rules.
    pub fn mistakes(&self) -> Vec<ConfigMistake> {
        let rules = [
            ("endpoint", is_origin(&self.endpoint), "an http or https URL without path, query or user"),
            (
                "public_endpoint",
                self.public_endpoint.as_deref().is_none_or(is_origin),
                "an http or https URL without path, query or user",
            ),
            ("region", is_name(&self.region, 1), "1 to 63 of a-z 0-9 and -"),
            ("bucket", is_name(&self.bucket.replace('.', "-"), 3), "3 to 63 of a-z 0-9 . and -"),
            ("access_key", !self.access_key.is_empty(), "set"),
            ("secret_key", !self.secret_key.is_empty(), "set"),
        ];
        rules
            .into_iter()
            .filter(|(_, good, _)| !good)
            .map(|(field, _, expected)| ConfigMistake { field, expected })
            .collect()
    }

    /// Where browsers reach the store.
    pub fn public_endpoint(&self) -> &str {
        self.public_endpoint.as_deref().unwrap_or(&self.endpoint)
    }

    /// The origin that presigned URLs really have, for a page's Content-Security-Policy: with the bucket in the host
    /// name it is not the endpoint's.
    pub fn object_origin(&self) -> String {
        let endpoint = self.public_endpoint().trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => endpoint.to_owned(),
        }
    }

    /// Where browsers send forms: the bucket itself.
    pub(crate) fn form_url(&self) -> String {
        if self.path_style {
            format!("{}/{}", self.object_origin(), self.bucket)
        } else {
            format!("{}/", self.object_origin())
        }
    }
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

fn is_name(text: &str, shortest: usize) -> bool {
    (shortest..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("endpoint", &self.endpoint)
            .field("public_endpoint", &self.public_endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("access_key", &self.access_key)
            .field("secret_key", &"<redacted>")
            .field("path_style", &self.path_style)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> StoreConfig {
        StoreConfig {
            endpoint: "https://s3.example.org".into(),
            public_endpoint: None,
            region: "eu-central-1".into(),
            bucket: "shop.pictures-1".into(),
            access_key: "name".into(),
            secret_key: "word".into(),
            path_style: true,
        }
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        assert_eq!(config().mistakes(), []);
        let wrong = StoreConfig {
            endpoint: "ftp://s3.example.org".into(),
            public_endpoint: Some("https://u:p@s3.example.org/path?x".into()),
            region: String::new(),
            bucket: "../other".into(),
            secret_key: String::new(),
            ..config()
        };
        let fields: Vec<_> = wrong.mistakes().iter().map(|mistake| mistake.field).collect();
        assert_eq!(fields, ["endpoint", "public_endpoint", "region", "bucket", "secret_key"]);
        for bucket in ["ab", "-abc", "a/b", "Abc", "a..b", &"a".repeat(64)] {
            assert!(!StoreConfig { bucket: bucket.into(), ..config() }.mistakes().is_empty(), "{bucket}");
        }
    }

    #[test]
    fn the_origin_of_objects_follows_the_style() {
        assert_eq!(config().object_origin(), "https://s3.example.org");
        let hosted = StoreConfig { path_style: false, ..config() };
        assert_eq!(hosted.object_origin(), "https://shop.pictures-1.s3.example.org");
    }

    #[test]
    fn the_secret_stays_out_of_debug() {
        let shown = format!("{:?}", StoreConfig { secret_key: "swordfish".into(), ..config() });
        assert!(!shown.contains("swordfish"), "{shown}");
    }
}
