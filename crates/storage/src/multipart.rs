//! Multipart uploads: create, list, complete, abort. The parts themselves go from the browser to the store.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, Part};
use sealmark_protocol::{Checksum, Crc64Nvme, Integrity, PartNumber, Sha256Digest, StoredPart};

use crate::{ObjectKey, StorageError, Store, client::long_call};

/// The store's own name of a multipart upload; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreUploadId(String);

impl StoreUploadId {
    /// Wraps a name that [`Store::create`] gave.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part to complete an upload with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// Part number.
    pub number: PartNumber,
    /// The store's etag of the part, opaque, quotes kept.
    pub etag: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// What the part's bytes hash to; of the same kind for every part of an upload. It comes from our records: not
    /// every store lists it.
    pub checksum: Checksum,
}

impl Store {
    /// Begins a multipart upload; `announced` is the media type that the sender believes in, see
    /// [`ObjectKey::content_type`], and `integrity` the kind of checksum that its parts will have.
    ///
    /// The checksum of the object is, for SHA-256, that of its parts' (S3 calls it composite), and for CRC64NVME that of
    /// all its bytes.
    ///
    /// The parts of an upload that is never completed stay until [`abort`](Self::abort), or until the rule that
    /// [`setup_bucket`](Self::setup_bucket) leaves.
    ///
    /// # Errors
    /// [`StorageError::BucketNotFound`], [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, CreateMultipartUpload.
    pub async fn create(
        &self,
        key: &ObjectKey,
        announced: Option<&str>,
        integrity: Integrity,
    ) -> Result<StoreUploadId, StorageError> {
        let operation = "CreateMultipartUpload";
        let (algorithm, kind) = match integrity {
            Integrity::Sha256 => (Some(ChecksumAlgorithm::Sha256), None),
            Integrity::Crc64nvme => (Some(ChecksumAlgorithm::Crc64Nvme), Some(ChecksumType::FullObject)),
            Integrity::None => (None, None),
        };
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(key.content_type(announced))
            .cache_control(key.cache_control())
            .set_checksum_algorithm(algorithm)
            .set_checksum_type(kind)
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        answer.upload_id.map(StoreUploadId).ok_or_else(|| incomplete(operation, key, "UploadId"))
    }

    /// The parts that the store has, by number, each number once; all pages, so at most 10,000.
    ///
    /// Of a part that was sent more than once the newest counts. SeaweedFS keeps all of them until completion and
    /// dates them by whole seconds: of two with different bytes sent in one second it may be either. What the uploader
    /// was answered is therefore the better etag for [`complete`](Self::complete), which refuses a wrong one.
    ///
    /// # Errors
    /// [`StorageError::UploadNotFound`] when the upload is completed or aborted; [`StorageError::Denied`],
    /// [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, ListParts.
    pub async fn list_parts(&self, key: &ObjectKey, upload: &StoreUploadId) -> Result<Vec<StoredPart>, StorageError> {
        let operation = "ListParts";
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .into_paginator()
            .send();
        let mut newest = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StorageError::from_sdk(operation, key, error))?;
            for part in page.parts.unwrap_or_default() {
                let sent_at = part.last_modified.map_or(0, |time| time.secs());
                let part = stored(part).ok_or_else(|| incomplete(operation, key, "PartNumber, Size or ETag"))?;
                match newest.entry(part.number) {
                    Entry::Vacant(place) => {
                        place.insert((sent_at, part));
                    }
                    Entry::Occupied(mut place) if place.get().0 < sent_at => {
                        place.insert((sent_at, part));
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        Ok(newest.into_values().map(|(_, part)| part).collect())
    }

    /// Makes one object of the parts, which come in any order; the object's etag.
    ///
    /// The store checks each part's checksum once more and, for CRC64NVME, the object's, which is joined from them. Where
    /// it tells that, or the composite of SHA-256, it must be ours; an object with another one is deleted.
    ///
    /// A repeat may find the upload gone, because an earlier attempt was carried out and its answer was lost: on
    /// [`StorageError::UploadNotFound`] look with [`head`](Self::head) whether the object is there.
    ///
    /// # Errors
    /// [`StorageError::UploadNotFound`]; [`StorageError::PartsRefused`] for a part that the store does not have with
    /// this etag, one under 5 MiB that is not the last, or an empty list; [`StorageError::BadDigest`],
    /// [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, CompleteMultipartUpload.
    pub async fn complete(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        parts: &[UploadedPart],
    ) -> Result<String, StorageError> {
        let operation = "CompleteMultipartUpload";
        let mut ordered: Vec<&UploadedPart> = parts.iter().collect();
        ordered.sort_by_key(|part| part.number);
        let parts = ordered.iter().map(|part| {
            let named = CompletedPart::builder()
                // At most 10,000, by its type.
                .part_number(part.number.get() as i32)
                .e_tag(&part.etag);
            match part.checksum {
                Checksum::Sha256(sha256) => named.checksum_sha256(sha256.to_base64()).build(),
                Checksum::Crc64nvme(crc) => named.checksum_crc64_nvme(crc.to_base64()).build(),
                Checksum::None => named.build(),
            }
        });
        let crc64nvme = whole_crc(ordered.iter().map(|part| (part.checksum, part.size_bytes)));
        let answer = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build())
            .set_checksum_type(crc64nvme.map(|_| ChecksumType::FullObject))
            .set_checksum_crc64_nvme(crc64nvme.map(Crc64Nvme::to_base64))
            .customize()
            .config_override(long_call())
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(operation, key, error))?;
        let sha256 = answer.checksum_sha256.zip(composite_sha256(&ordered));
        let crc64nvme = answer.checksum_crc64_nvme.zip(crc64nvme.map(Crc64Nvme::to_base64));
        if let Some((told, ours)) = [sha256, crc64nvme].into_iter().flatten().find(|(told, ours)| told != ours) {
            self.delete(key).await?;
            let source = format!("the store made an object of {told}, the parts make {ours}").into();
            return Err(StorageError::BadDigest { operation, key: key.to_string(), source });
        }
        answer.e_tag.ok_or_else(|| incomplete(operation, key, "ETag"))
    }

    /// Gives an upload up and frees its parts; one that is gone already is no error.
    ///
    /// A part that is on its way meanwhile may still arrive and stay: S3 asks to abort again when no PUT is left.
    ///
    /// # Errors
    /// [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, AbortMultipartUpload.
    pub async fn abort(&self, key: &ObjectKey, upload: &StoreUploadId) -> Result<(), StorageError> {
        let answer = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .send()
            .await;
        match answer.map_err(|error| StorageError::from_sdk("AbortMultipartUpload", key, error)) {
            Ok(_) | Err(StorageError::UploadNotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// CRC64NVME of a whole object by the checksums and sizes of its parts in their order; `None` if one of them has no CRC,
/// and of no parts.
pub fn whole_crc(parts: impl IntoIterator<Item = (Checksum, u64)>) -> Option<Crc64Nvme> {
    let mut whole = None;
    for (checksum, size_bytes) in parts {
        let Checksum::Crc64nvme(crc) = checksum else { return None };
        whole = Some(whole.map_or(crc, |whole| Crc64Nvme::combine(whole, crc, size_bytes)));
    }
    whole
}

/// The composite checksum as S3 writes it, if every part has a SHA-256: that of the digests, and how many they are.
///
/// Source: Amazon S3, checking object integrity, composite checksums.
fn composite_sha256(parts: &[&UploadedPart]) -> Option<String> {
    let mut digests = Vec::with_capacity(32 * parts.len());
    for part in parts {
        let Checksum::Sha256(sha256) = &part.checksum else { return None };
        digests.extend_from_slice(sha256.as_bytes());
    }
    Some(format!("{}-{}", Sha256Digest::of(&digests).to_base64(), parts.len()))
}

fn stored(part: Part) -> Option<StoredPart> {
    Some(StoredPart {
        number: PartNumber::new(u32::try_from(part.part_number?).ok()?).ok()?,
        size_bytes: u64::try_from(part.size?).ok()?,
        etag: part.e_tag?,
    })
}

/// An answer of success that lacks what S3 promises to send.
pub(crate) fn incomplete(operation: &'static str, key: &ObjectKey, field: &'static str) -> StorageError {
    StorageError::Unavailable { operation, key: key.to_string(), source: format!("no {field} in the answer").into() }
}
