//! Whole objects: look, read, write once, delete.

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};

use crate::{ObjectKey, StorageError, Store};

/// What the store says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Size in bytes.
    pub size_bytes: u64,
    /// The store's etag, opaque, quotes kept.
    pub etag: String,
    /// Content type that it was stored with.
    pub content_type: String,
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
        let answer = self.client.head_object().bucket(&self.bucket).key(key.to_string()).send().await;
        match answer.map_err(|error| StorageError::from_sdk("HeadObject", key, error)) {
            Ok(answer) => Ok(Some(ObjectHead {
                size_bytes: answer.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                etag: answer.e_tag.unwrap_or_default(),
                content_type: answer.content_type.unwrap_or_default(),
            })),
            Err(StorageError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a whole object into memory, at most `limit_bytes`.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] over the limit, of which no more than the limit is read; [`StorageError::NotFound`],
    /// [`StorageError::Denied`], [`StorageError::Unavailable`], also when the connection breaks half-way.
    ///
    /// Source: S3 API, GetObject.
    pub async fn get(&self, key: &ObjectKey, limit_bytes: u64) -> Result<Bytes, StorageError> {
        let operation = "GetObject";
        let too_large = || StorageError::TooLarge { key: key.to_string(), limit_bytes };
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        let announced = answer.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        if announced > limit_bytes {
            return Err(too_large());
        }
        let mut body = answer.body;
        let mut bytes = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(more) = body.next().await {
            let more = more.map_err(|error| StorageError::Unavailable {
                operation,
                key: key.to_string(),
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
