//! Uploads as recorded, and how they are found.

use std::collections::HashMap;

use sealmark_protocol::{
    Checksum, Integrity, MediaId, PartNumber, PartPlan, Sha256Digest, TenantId, Upload, UploadId, UploadState, UserId,
};
use sqlx::{AssertSqlSafe, any::AnyRow};

use crate::{
    Catalogue, CatalogueError, NewChallenge,
    rows::{Columns, placeholders, unreadable},
};

/// An idempotency key and the request that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as the client sent it, of any length; unique for a user.
    pub key: String,
    /// SHA-256 of whatever makes two requests the same.
    pub request_digest: Sha256Digest,
}

/// How the bytes get into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// As parts of a multipart upload.
    Multipart {
        /// The store's own id of it, opaque.
        store_upload_id: String,
    },
    /// As one object, sent by one request; the store knows of nothing before that.
    Form,
}

impl Transport {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Multipart { .. } => "multipart",
            Self::Form => "form",
        }
    }

    /// The column of the id: empty for a form.
    pub(crate) fn store_upload_id(&self) -> &str {
        match self {
            Self::Multipart { store_upload_id } => store_upload_id,
            Self::Form => "",
        }
    }
}

/// Which endpoints an upload belongs to; those of the other do not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `/v1/uploads`: the size is announced, and the client says when all is sent.
    Sealmark,
    /// `/companion`: the size is not announced, so the plan's is the limit until the upload is completed.
    Companion,
}

impl Protocol {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sealmark => "sealmark",
            Self::Companion => "companion",
        }
    }
}

/// An upload to record; a multipart upload is already begun in the store.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Fresh id of the upload.
    pub upload_id: UploadId,
    /// Fresh id of the picture that it becomes.
    pub media_id: MediaId,
    /// Shop.
    pub tenant: TenantId,
    /// Who uploads.
    pub user_id: UserId,
    /// Object key of the original.
    pub source_key: String,
    /// Which endpoints it belongs to.
    pub protocol: Protocol,
    /// How the bytes get into the store.
    pub transport: Transport,
    /// How the store checks them.
    pub integrity: Integrity,
    /// The file's name as given.
    pub file_name: String,
    /// Media type as the browser believes it.
    pub content_type: Option<String>,
    /// How the file is cut.
    pub plan: PartPlan,
    /// What parts hash to that are signed together with the creation.
    pub parts: Vec<(PartNumber, Checksum)>,
    /// A proof of possession that is asked for together with the creation.
    pub challenge: Option<NewChallenge>,
    /// The request's idempotency key, where it came with one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// When to look for its object, where nobody will say that it is there; in milliseconds since 1970 UTC.
    pub look_at_ms: Option<i64>,
    /// Now, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// An upload as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// The upload.
    pub upload_id: UploadId,
    /// The picture that it becomes.
    pub media_id: MediaId,
    /// Shop.
    pub tenant: TenantId,
    /// Who uploads.
    pub user_id: UserId,
    /// Where it stands.
    pub state: UploadState,
    /// Object key of the original.
    pub source_key: String,
    /// Which endpoints it belongs to.
    pub protocol: Protocol,
    /// How the bytes get into the store.
    pub transport: Transport,
    /// How the store checks them.
    pub integrity: Integrity,
    /// The file's name as given.
    pub file_name: String,
    /// Media type as the browser believes it.
    pub content_type: Option<String>,
    /// How the file is cut.
    pub plan: PartPlan,
    /// When it was made, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

impl UploadRow {
    /// The upload as the API answers with it, without parts.
    pub fn to_upload(&self) -> Upload {
        Upload {
            upload_id: self.upload_id,
            media_id: self.media_id,
            state: self.state,
            file_name: self.file_name.clone(),
            size_bytes: self.plan.size_bytes,
            part_size_bytes: self.plan.part_size_bytes,
            part_count: self.plan.part_count,
            created_at_ms: self.created_at_ms,
            parts: Vec::new(),
            integrity: self.integrity,
            signed: Vec::new(),
            challenge: None,
        }
    }
}

/// The columns of [`UploadRow`], from `uploads` as u and `media` as m.
macro_rules! select_uploads {
    ($rest:literal) => {
        concat!(
            "SELECT u.upload_id, u.media_id, u.tenant_id, u.user_id, u.state, m.source_key, u.store_upload_id, \
             u.protocol, u.transport, u.integrity, u.look_at_ms, m.file_name, m.content_type, u.size_bytes, u.part_size_bytes, u.part_count, u.request_digest, \
             u.idempotency_key_sha256, u.created_at_ms FROM uploads u JOIN media m ON m.media_id = u.media_id ",
            $rest
        )
    };
}
pub(crate) use select_uploads;

pub(crate) fn upload_row(row: &AnyRow) -> Result<UploadRow, CatalogueError> {
    Ok(UploadRow {
        upload_id: row.word("upload_id")?,
        media_id: row.word("media_id")?,
        tenant: row.word("tenant_id")?,
        user_id: row.word("user_id")?,
        state: row.word("state")?,
        source_key: row.text("source_key")?,
        protocol: match row.text("protocol")?.as_str() {
            "sealmark" => Protocol::Sealmark,
            "companion" => Protocol::Companion,
            other => return Err(unreadable("protocol", other)),
        },
        transport: match row.text("transport")?.as_str() {
            "multipart" => Transport::Multipart { store_upload_id: row.text("store_upload_id")? },
            "form" => Transport::Form,
            other => return Err(unreadable("transport", other)),
        },
        integrity: row.word("integrity")?,
        file_name: row.text("file_name")?,
        content_type: row.maybe_text("content_type")?,
        plan: PartPlan {
            size_bytes: row.number("size_bytes")?,
            part_size_bytes: row.number("part_size_bytes")?,
            part_count: row.number("part_count")?,
        },
        created_at_ms: row.time("created_at_ms")?,
    })
}

impl Catalogue {
    /// The upload that a user's idempotency key stands for.
    ///
    /// # Errors
    /// [`CatalogueError::IdempotencyConflict`] when it stands for another request; those of the database.
    pub async fn find_by_idempotency_key(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<UploadRow>, CatalogueError> {
        self.find_by_idempotency_keys(tenant, user_id, &[key]).await?.pop().transpose().map(Option::flatten)
    }

    /// The uploads that a user's idempotency keys stand for, in their order; of each as
    /// [`find_by_idempotency_key`](Self::find_by_idempotency_key) tells it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_by_idempotency_keys(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        keys: &[&IdempotencyKey],
    ) -> Result<Vec<Result<Option<UploadRow>, CatalogueError>>, CatalogueError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let digests: Vec<String> = keys.iter().map(|key| key_digest(key)).collect();
        let sql = format!(
            "{} WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.idempotency_key_sha256 IN ({})",
            select_uploads!(""),
            placeholders(3, digests.len())
        );
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(keys.len() == 1);
        query = query.bind(tenant.as_str()).bind(user_id.as_str());
        for digest in &digests {
            query = query.bind(digest);
        }
        let mut found = HashMap::new();
        for row in query.fetch_all(self.readers()).await? {
            let request: Sha256Digest = row.word("request_digest")?;
            found.insert(row.text("idempotency_key_sha256")?, (upload_row(&row)?, request));
        }
        let outcome = |(key, digest): (&&IdempotencyKey, &String)| match found.get(digest) {
            None => Ok(None),
            Some((upload, request)) if *request == key.request_digest => Ok(Some(upload.clone())),
            Some((upload, _)) => Err(CatalogueError::IdempotencyConflict { upload_id: upload.upload_id }),
        };
        Ok(keys.iter().zip(&digests).map(outcome).collect())
    }

    /// How many uploads of a user are open, counted up to `enough`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_open_uploads(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        enough: u32,
    ) -> Result<u32, CatalogueError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS open FROM (SELECT 1 FROM uploads WHERE tenant_id = $1 AND user_id = $2 \
             AND state = 'open' LIMIT $3) AS counted",
        )
        .bind(tenant.as_str())
        .bind(user_id.as_str())
        .bind(i64::from(enough))
        .fetch_one(self.readers())
        .await?;
        row.number("open")
    }

    /// Uploads of this user, in any state and any order; those of others are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn uploads(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        upload_ids: &[UploadId],
    ) -> Result<Vec<UploadRow>, CatalogueError> {
        if upload_ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "{} WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.upload_id IN ({})",
            select_uploads!(""),
            placeholders(3, upload_ids.len())
        );
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(tenant.as_str()).bind(user_id.as_str());
        for id in upload_ids {
            query = query.bind(id.to_string());
        }
        query.fetch_all(self.readers()).await?.iter().map(upload_row).collect()
    }

    /// An upload of this user, in any state; nobody else's.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn upload(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        upload_id: UploadId,
    ) -> Result<Option<UploadRow>, CatalogueError> {
        sqlx::query(select_uploads!("WHERE u.upload_id = $1 AND u.tenant_id = $2 AND u.user_id = $3"))
            .bind(upload_id.to_string())
            .bind(tenant.as_str())
            .bind(user_id.as_str())
            .fetch_optional(self.readers())
            .await?
            .map(|row| upload_row(&row))
            .transpose()
    }
}

pub(crate) fn key_digest(key: &IdempotencyKey) -> String {
    Sha256Digest::of(key.key.as_bytes()).to_base64()
}
