//! Presigned URLs: short-lived credentials for one request each.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sdk_s3::{operation::upload_part::builders::UploadPartFluentBuilder, presigning::PresigningConfig};
use sealmark_protocol::{Checksum, PartNumber};
use url::form_urlencoded;

use crate::{ObjectKey, StorageError, Store, StoreUploadId};

/// Headers that every client sends by itself; a browser even forbids setting them.
const SENT_BY_ANY_CLIENT: [&str; 2] = ["host", "content-length"];

/// A presigned URL. Whoever has it may do what it says: `Debug` hides it, and logs must not hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL, to be handed to the one who may use it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl(<redacted>)")
    }
}

/// A request that anybody may send once they have it, until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedRequest {
    /// Where to send it.
    pub url: PresignedUrl,
    /// Headers inside the signature that must be sent exactly so, names in lower case. `host` and `content-length`
    /// are signed as well but not listed: any client sends them, and a browser lets nobody set them.
    pub headers: BTreeMap<String, String>,
    /// When the store stops taking it, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

impl Store {
    /// Presigns the PUT of one part: exactly these bytes, by length and checksum, as this part of this upload.
    ///
    /// `ttl` is 1 second to 7 days, cut to whole seconds. Nothing is sent to the store.
    ///
    /// # Errors
    /// [`StorageError::Presign`] for another `ttl`.
    ///
    /// Source: S3 API, UploadPart; Signature Version 4 in query parameters.
    pub async fn presign_part(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: PartNumber,
        size_bytes: u64,
        checksum: &Checksum,
        ttl: Duration,
    ) -> Result<PresignedRequest, StorageError> {
        let size_bytes = i64::try_from(size_bytes).map_err(|error| presign("UploadPart", key)(error.into()))?;
        let (sha256, crc64nvme) = match checksum {
            Checksum::Sha256(sha256) => (Some(sha256.to_base64()), None),
            Checksum::Crc64nvme(crc) => (None, Some(crc.to_base64())),
            Checksum::None => (None, None),
        };
        let bytes = self
            .signer
            .upload_part()
            .content_length(size_bytes)
            .set_checksum_sha256(sha256)
            .set_checksum_crc64_nvme(crc64nvme);
        self.presign_put(bytes, key, upload, number, ttl).await
    }

    /// Presigns the PUT of one part whose bytes nobody has announced: any length, and no checksum.
    ///
    /// What came is known from [`list_parts`](Self::list_parts). `ttl` as for [`presign_part`](Self::presign_part).
    ///
    /// # Errors
    /// [`StorageError::Presign`] for another `ttl`.
    ///
    /// Source: S3 API, UploadPart; Signature Version 4 in query parameters.
    pub async fn presign_unannounced_part(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: PartNumber,
        ttl: Duration,
    ) -> Result<PresignedRequest, StorageError> {
        self.presign_put(self.signer.upload_part(), key, upload, number, ttl).await
    }

    /// Presigns a part of which `bytes` says what is known of its bytes.
    async fn presign_put(
        &self,
        bytes: UploadPartFluentBuilder,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: PartNumber,
        ttl: Duration,
    ) -> Result<PresignedRequest, StorageError> {
        let operation = "UploadPart";
        let (config, expires_at_ms) = expiry(ttl, 1).map_err(presign(operation, key))?;
        let signed = bytes
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            // At most 10,000, by its type.
            .part_number(number.get() as i32)
            .presigned(config)
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        Ok(request(&signed, expires_at_ms))
    }

    /// Presigns a GET of an object.
    ///
    /// With a `file_name`, the answer tells the browser to show the object and to save it under this name; the name
    /// may be anything, it is encoded. `ttl` as for [`presign_part`](Self::presign_part), but the URL stays the same
    /// for half of it, so that a browser which asks again finds the bytes in its cache: it works for `ttl` to half of it.
    ///
    /// # Errors
    /// [`StorageError::Presign`] for another `ttl`.
    ///
    /// Source: S3 API, GetObject; RFC 6266 and RFC 8187 for the file name.
    pub async fn presign_get(
        &self,
        key: &ObjectKey,
        ttl: Duration,
        file_name: Option<&str>,
    ) -> Result<PresignedRequest, StorageError> {
        let operation = "GetObject";
        let (config, expires_at_ms) = expiry(ttl, ttl.as_secs() / 2).map_err(presign(operation, key))?;
        let signed = self
            .signer
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .set_response_content_disposition(file_name.map(inline))
            .presigned(config)
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        Ok(request(&signed, expires_at_ms))
    }
}

/// A failure to sign, as an error of the store's.
pub(crate) fn presign(
    operation: &'static str,
    key: &ObjectKey,
) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> StorageError {
    move |source| StorageError::Presign { operation, key: key.to_string(), source }
}

fn expiry(ttl: Duration, tick_s: u64) -> Result<(PresigningConfig, i64), Box<dyn std::error::Error + Send + Sync>> {
    // Cut to ticks of at least a second, the signature's own: what we promise is what the store checks.
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now_s = now_s - now_s % tick_s.max(1);
    let config = PresigningConfig::builder()
        .start_time(UNIX_EPOCH + Duration::from_secs(now_s))
        .expires_in(Duration::from_secs(ttl.as_secs()))
        .build()?;
    if ttl.as_secs() == 0 {
        return Err("a presigned URL lives at least one second".into());
    }
    Ok((config, i64::try_from((now_s + ttl.as_secs()) * 1000)?))
}

fn request(signed: &aws_sdk_s3::presigning::PresignedRequest, expires_at_ms: i64) -> PresignedRequest {
    let headers = signed
        .headers()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, _)| !SENT_BY_ANY_CLIENT.contains(&name.as_str()))
        .collect();
    PresignedRequest { url: PresignedUrl(signed.uri().to_owned()), headers, expires_at_ms }
}

/// `inline` with the name in the only form that takes every character.
fn inline(file_name: &str) -> String {
    // Form encoding differs from RFC 8187 in two letters: the blank, and the star, which is a delimiter there.
    let encoded: String = form_urlencoded::byte_serialize(file_name.as_bytes()).collect();
    format!("inline; filename*=UTF-8''{}", encoded.replace('+', "%20").replace('*', "%2A"))
}

#[cfg(test)]
mod tests {
    use sealmark_protocol::{Crc64Nvme, Sha256Digest};

    use super::*;
    use crate::StoreConfig;

    fn store(public_endpoint: Option<&str>) -> Store {
        Store::new(&StoreConfig {
            endpoint: "http://10.0.0.7:8333".into(),
            public_endpoint: public_endpoint.map(str::to_owned),
            region: "us-east-1".into(),
            bucket: "pictures".into(),
            access_key: "name".into(),
            secret_key: "swordfish".into(),
            path_style: true,
        })
        .unwrap()
    }

    fn key() -> ObjectKey {
        "raw/acme/u/0192f3c8-7b5e-7d3a-9c1e-000000000001".parse().unwrap()
    }

    async fn part(store: &Store, ttl: Duration) -> Result<PresignedRequest, StorageError> {
        let number = PartNumber::new(3).unwrap();
        store.presign_part(&key(), &StoreUploadId::new("up"), number, 7, &Checksum::Sha256(sha256()), ttl).await
    }

    fn sha256() -> Sha256Digest {
        Sha256Digest::of(b"x")
    }

    #[tokio::test]
    async fn length_and_checksum_are_signed_but_only_the_checksum_is_the_clients_to_set() {
        let signed = part(&store(Some("https://s3.example.org")), Duration::from_secs(60)).await.unwrap();
        let url = signed.url.as_str();
        assert!(url.starts_with("https://s3.example.org/pictures/raw/acme/u/0192f3c8-"), "{url}");
        assert!(url.contains("X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256"), "{url}");
        assert!(
            url.contains("X-Amz-Expires=60") && url.contains("partNumber=3") && url.contains("uploadId=up"),
            "{url}"
        );
        assert_eq!(signed.headers, BTreeMap::from([("x-amz-checksum-sha256".to_owned(), sha256().to_base64())]));
        assert!(!format!("{signed:?}").contains("X-Amz-Signature"));
    }

    #[tokio::test]
    async fn each_kind_of_checksum_has_its_header() {
        let (store, upload, ttl) = (store(None), StoreUploadId::new("up"), Duration::from_secs(60));
        let crc = Crc64Nvme::of(b"x");
        for (checksum, headers) in [
            (Checksum::Crc64nvme(crc), vec![("x-amz-checksum-crc64nvme".to_owned(), crc.to_base64())]),
            (Checksum::None, Vec::new()),
        ] {
            let number = PartNumber::new(1).unwrap();
            let signed = store.presign_part(&key(), &upload, number, 7, &checksum, ttl).await.unwrap();
            assert_eq!(signed.headers, BTreeMap::from_iter(headers), "{checksum:?}");
        }
    }

    #[tokio::test]
    async fn a_lifetime_outside_what_s3_takes_is_refused() {
        let store = store(None);
        for ttl in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(7 * 86_400 + 1)] {
            assert!(matches!(part(&store, ttl).await, Err(StorageError::Presign { .. })), "{ttl:?}");
        }
        assert!(part(&store, Duration::from_secs(7 * 86_400)).await.is_ok());
    }

    #[test]
    fn a_hostile_file_name_stays_a_name() {
        assert_eq!(inline("a b*\"ä\r\n;.jpg"), "inline; filename*=UTF-8''a%20b%2A%22%C3%A4%0D%0A%3B.jpg");
    }
}
