//! Whole objects: look, read, write once, delete.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumMode, MetadataDirective},
};
use bytes::{Bytes, BytesMut};
use sealmark_protocol::{ByteRange, Checksum, Sha256Digest};
use url::form_urlencoded;

use crate::{ObjectKey, StorageError, Store, client::long_call, multipart::incomplete};

/// What the store says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Size in bytes.
    pub size_bytes: u64,
    /// The store's etag, opaque, quotes kept.
    pub etag: String,
    /// Content type that it was stored with.
    pub content_type: String,
    /// What its bytes hash to, where the store keeps that for the whole object: SHA-256 of one that came in one piece,
    /// or CRC64NVME. `None` where it keeps none.
    pub checksum: Checksum,
    /// SHA-256 over the SHA-256 digests of its parts, where the store keeps that instead: S3 calls it composite.
    pub parts_sha256: Option<Sha256Digest>,
}

impl Store {
    /// What is stored under a key; `None` where there is nothing.
    ///
    /// A HEAD has no body to tell a missing bucket from a missing object: both are `None`, see
    /// [`check_bucket`](Self::check_bucket).
    ///
    /// # Errors
    /// [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, HeadObject.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StorageError> {
        let asked = self.client.head_object().bucket(&self.bucket).key(key.to_string());
        let answer = asked.checksum_mode(ChecksumMode::Enabled).send().await;
        match answer.map_err(|error| StorageError::from_sdk("HeadObject", key, error)) {
            Ok(answer) => Ok(Some(ObjectHead {
                size_bytes: answer.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                etag: answer.e_tag.unwrap_or_default(),
                content_type: answer.content_type.unwrap_or_default(),
                checksum: checksum(answer.checksum_sha256.as_deref(), answer.checksum_crc64_nvme.as_deref()),
                parts_sha256: answer.checksum_sha256.as_deref().and_then(composite),
            })),
            Err(StorageError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a whole object into memory, at most `limit_bytes`, if it is still the one with this etag; without one,
    /// whatever is there.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when it is another one by now; [`StorageError::TooLarge`] over the limit, of which no
    /// more than the limit is read; [`StorageError::NotFound`], [`StorageError::Denied`],
    /// [`StorageError::Unavailable`], also when the connection breaks half-way.
    ///
    /// Source: S3 API, GetObject, header `If-Match`.
    pub async fn get(&self, key: &ObjectKey, etag: Option<&str>, limit_bytes: u64) -> Result<Bytes, StorageError> {
        self.read(&key.to_string(), etag, limit_bytes).await
    }

    pub(crate) async fn read(&self, key: &str, etag: Option<&str>, limit_bytes: u64) -> Result<Bytes, StorageError> {
        let operation = "GetObject";
        let too_large = || StorageError::TooLarge { key: key.to_owned(), limit_bytes };
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_if_match(etag.map(str::to_owned))
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, &key, error))?;
        let announced = answer.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        if announced > limit_bytes {
            return Err(too_large());
        }
        let mut body = answer.body;
        let mut bytes = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(more) = body.next().await {
            let more = more.map_err(|error| StorageError::Unavailable {
                operation,
                key: key.to_owned(),
                source: Box::new(error),
            })?;
            // The length in the header is the store's word; the limit is ours.
            if (bytes.len() + more.len()) as u64 > limit_bytes {
                return Err(too_large());
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes.freeze())
    }

    /// Reads a range of an object that is still the one with this etag.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when it is another one by now, or ends before the range does;
    /// [`StorageError::NotFound`], [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, GetObject, headers `Range` and `If-Match`.
    pub async fn get_range(&self, key: &ObjectKey, etag: &str, range: ByteRange) -> Result<Bytes, StorageError> {
        let operation = "GetObject";
        let conflict =
            |reason: &str| StorageError::Conflict { operation, key: key.to_string(), source: reason.to_owned().into() };
        if range.length == 0 {
            return Ok(Bytes::new());
        }
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .if_match(etag)
            .range(format!("bytes={}-{}", range.offset, range.offset.saturating_add(range.length) - 1))
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        // Asked before the body is read: a store that ignores the range must not fill our memory.
        if answer.content_length.and_then(|length| u64::try_from(length).ok()) != Some(range.length) {
            return Err(conflict("the object ends before the range"));
        }
        let read = answer.body.collect().await.map_err(|error| StorageError::Unavailable {
            operation,
            key: key.to_string(),
            source: Box::new(error),
        })?;
        Ok(read.into_bytes())
    }

    /// Copies an object of at most 5 GiB inside the store, if it is still the one with this etag; the etag of the copy.
    /// `announced` as for [`create`](Self::create).
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when it is another one by now; [`StorageError::NotFound`], [`StorageError::Denied`],
    /// [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, CopyObject.
    pub async fn copy(
        &self,
        from: &ObjectKey,
        etag: &str,
        to: &ObjectKey,
        announced: Option<&str>,
    ) -> Result<String, StorageError> {
        let operation = "CopyObject";
        // Our keys hold nothing that a URL would have to encode but the slash, which stands for itself here.
        let source: String = form_urlencoded::byte_serialize(from.to_string().as_bytes()).collect();
        let answer = self
            .client
            .copy_object()
            .bucket(&self.bucket)
            .key(to.to_string())
            .copy_source(format!("{}/{}", self.bucket, source.replace("%2F", "/")))
            .copy_source_if_match(etag)
            .metadata_directive(MetadataDirective::Replace)
            .content_type(to.content_type(announced))
            .cache_control(to.cache_control())
            .customize()
            .config_override(long_call())
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, from, error))?;
        let etag = answer.copy_object_result.and_then(|copy| copy.e_tag);
        let etag = etag.ok_or_else(|| incomplete(operation, to, "ETag"))?;
        // SeaweedFS 4.48 leaves out the quotes here, and nowhere else.
        Ok(format!("\"{}\"", etag.trim_matches('"')))
    }

    /// Writes a version with its content type and cache rule.
    ///
    /// The digest in the key goes along as checksum, so the store takes these bytes or none, and a repeat writes the
    /// same object again.
    ///
    /// # Errors
    /// [`StorageError::NotImmutable`] for the key of an original; [`StorageError::BadDigest`] when the bytes are not
    /// those that the key names; [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, PutObject.
    pub async fn put_immutable(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), StorageError> {
        let ObjectKey::Version { digest, .. } = key else {
            return Err(StorageError::NotImmutable { key: key.to_string() });
        };
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(key.content_type(None))
            .cache_control(key.cache_control())
            .checksum_sha256(digest.to_base64())
            .body(ByteStream::from(bytes))
            .customize()
            // The checksum is a signed header and binds the bytes; signing them as well would hash them a second time
            // here, and in the store.
            .disable_payload_signing()
            .send()
            .await
            .map_err(|error| StorageError::from_sdk("PutObject", key, error))?;
        Ok(())
    }

    /// Deletes an object; one that is gone already is no error.
    ///
    /// # Errors
    /// [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, DeleteObject.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let answer = self.client.delete_object().bucket(&self.bucket).key(key.to_string()).send().await;
        match answer.map_err(|error| StorageError::from_sdk("DeleteObject", key, error)) {
            Ok(_) | Err(StorageError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The checksum of a whole object. A composite one, which has the number of parts behind it, is none of its bytes.
fn checksum(sha256: Option<&str>, crc64nvme: Option<&str>) -> Checksum {
    let sha256 = sha256.and_then(|text| text.parse().ok()).map(Checksum::Sha256);
    let crc64nvme = || crc64nvme.and_then(|text| text.parse().ok()).map(Checksum::Crc64nvme);
    sha256.or_else(crc64nvme).unwrap_or(Checksum::None)
}

/// The digest of a composite checksum, which has the number of parts behind it.
///
/// Source: Amazon S3, checking object integrity, composite checksums.
fn composite(sha256: &str) -> Option<Sha256Digest> {
    sha256.split_once('-')?.0.parse().ok()
}
