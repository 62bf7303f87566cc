//! Uploads: made, then completed or aborted, each once.

use sealmark_protocol::{
    Checksum, Integrity, MediaId, MediaRecord, PartNumber, PartPlan, Sha256Digest, TenantId, Upload, UploadId,
    UploadState, UserId,
};
use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    Catalogue, CatalogueError, OutboxEvent,
    media::media_record,
    outbox::insert_event,
    parts::insert_parts,
    rows::{Columns, bigint, storable, unreadable},
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
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Multipart { .. } => "multipart",
            Self::Form => "form",
        }
    }

    /// The column of the id: empty for a form.
    fn store_upload_id(&self) -> &str {
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
    const fn as_str(self) -> &'static str {
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
    /// The request's idempotency key, where it came with one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// When to look for its object, where nobody will say that it is there; in milliseconds since 1970 UTC.
    pub look_at_ms: Option<i64>,
    /// Now, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// What became of a [`NewUpload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It was recorded.
    Created(UploadRow),
    /// The same request came before: this is its upload, in whatever state it is now. The multipart upload that was
    /// begun for the repeat is nobody's; the caller aborts it.
    Existing(UploadRow),
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

/// A completed upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The picture as it now stands.
    pub media: MediaRecord,
    /// Whether it was completed before; then nothing was written.
    pub repeated: bool,
}

/// The columns of [`UploadRow`], from `uploads` as u and `media` as m.
macro_rules! select_uploads {
    ($rest:literal) => {
        concat!(
            "SELECT u.upload_id, u.media_id, u.tenant_id, u.user_id, u.state, m.source_key, u.store_upload_id, \
             u.protocol, u.transport, u.integrity, u.look_at_ms, m.file_name, m.content_type, u.size_bytes, u.part_size_bytes, u.part_count, u.request_digest, \
             u.created_at_ms FROM uploads u JOIN media m ON m.media_id = u.media_id ",
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
    /// Records an upload and the picture that it becomes, unless the same request did so before.
    ///
    /// # Errors
    /// [`CatalogueError::IdempotencyConflict`] when the key came with another request before,
    /// [`CatalogueError::IdTaken`] when an id is not fresh; those of the database.
    pub async fn create_upload(&self, new: &NewUpload) -> Result<CreateOutcome, CatalogueError> {
        let mut transaction = self.write().await?;
        if insert_upload(&mut transaction, new).await? {
            transaction.commit().await?;
            return Ok(CreateOutcome::Created(UploadRow {
                upload_id: new.upload_id,
                media_id: new.media_id,
                tenant: new.tenant.clone(),
                user_id: new.user_id.clone(),
                state: UploadState::Open,
                source_key: new.source_key.clone(),
                protocol: new.protocol,
                transport: new.transport.clone(),
                integrity: new.integrity,
                file_name: storable(&new.file_name),
                content_type: new.content_type.as_deref().map(storable),
                plan: new.plan,
                created_at_ms: new.now_ms,
            }));
        }
        transaction.rollback().await?;
        if let Some(key) = &new.idempotency_key
            && let Some(row) = self.find_by_idempotency_key(&new.tenant, &new.user_id, key).await?
        {
            return Ok(CreateOutcome::Existing(row));
        }
        match self.upload(&new.tenant, &new.user_id, new.upload_id).await? {
            // The caller's own repeat after a commit whose answer was lost.
            Some(row) if row.media_id == new.media_id && row.transport == new.transport => {
                Ok(CreateOutcome::Existing(row))
            }
            _ => Err(CatalogueError::IdTaken { upload_id: new.upload_id }),
        }
    }

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
        let row =
            sqlx::query(select_uploads!("WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.idempotency_key_sha256 = $3"))
                .bind(tenant.as_str())
                .bind(user_id.as_str())
                .bind(key_digest(key))
                .fetch_optional(self.readers())
                .await?;
        let Some(row) = row else { return Ok(None) };
        let upload = upload_row(&row)?;
        if row.word::<Sha256Digest>("request_digest")? == key.request_digest {
            Ok(Some(upload))
        } else {
            Err(CatalogueError::IdempotencyConflict { upload_id: upload.upload_id })
        }
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

    /// Completes an open upload: the picture becomes `uploaded` and its event goes to the outbox, all or nothing.
    ///
    /// A repeat answers with the picture as it is and adds no second event.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`], [`CatalogueError::UploadAborted`]; those of the database.
    pub async fn complete_upload(
        &self,
        upload_id: UploadId,
        source_etag: &str,
        size_bytes: u64,
        event: &OutboxEvent,
        now_ms: i64,
    ) -> Result<Completion, CatalogueError> {
        let mut transaction = self.write().await?;
        let closed = close_upload(&mut transaction, upload_id, UploadState::Completed, now_ms).await?;
        if closed == Closed::Before(UploadState::Aborted) {
            return Err(CatalogueError::UploadAborted { upload_id });
        }
        if closed == Closed::Now {
            sqlx::query(
                "UPDATE media SET state = 'uploaded', source_etag = $2, size_bytes = $3, uploaded_at_ms = $4, \
                 last_event_at_ms = $4 WHERE upload_id = $1 AND state = 'uploading'",
            )
            .bind(upload_id.to_string())
            .bind(source_etag)
            .bind(bigint(size_bytes))
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            insert_event(&mut transaction, event, now_ms).await?;
        }
        let media = media_record(&mut transaction, upload_id).await?;
        transaction.commit().await?;
        Ok(Completion { media, repeated: closed != Closed::Now })
    }

    /// Aborts an open upload and its picture; an aborted one stays aborted. Returns whether it was open.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`], [`CatalogueError::UploadCompleted`]; those of the database.
    pub async fn abort_upload(&self, upload_id: UploadId, now_ms: i64) -> Result<bool, CatalogueError> {
        let mut transaction = self.write().await?;
        match close_upload(&mut transaction, upload_id, UploadState::Aborted, now_ms).await? {
            Closed::Before(UploadState::Completed) => return Err(CatalogueError::UploadCompleted { upload_id }),
            Closed::Before(_) => return Ok(false),
            Closed::Now => {}
        }
        sqlx::query(
            "UPDATE media SET state = 'aborted', last_event_at_ms = $2 WHERE upload_id = $1 AND state = 'uploading'",
        )
        .bind(upload_id.to_string())
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn key_digest(key: &IdempotencyKey) -> String {
    Sha256Digest::of(key.key.as_bytes()).to_base64()
}

/// Writes both rows; false where something of them is taken, and then the transaction is to be rolled back.
async fn insert_upload(connection: &mut AnyConnection, new: &NewUpload) -> Result<bool, CatalogueError> {
    let media = sqlx::query(
        "INSERT INTO media (media_id, upload_id, tenant_id, user_id, state, file_name, content_type, source_key, \
         size_bytes, created_at_ms, last_event_at_ms) VALUES ($1, $2, $3, $4, 'uploading', $5, $6, $7, $8, $9, $9) \
         ON CONFLICT DO NOTHING",
    )
    .bind(new.media_id.to_string())
    .bind(new.upload_id.to_string())
    .bind(new.tenant.as_str())
    .bind(new.user_id.as_str())
    .bind(storable(&new.file_name))
    .bind(new.content_type.as_deref().map(storable))
    .bind(&new.source_key)
    .bind(bigint(new.plan.size_bytes))
    .bind(new.now_ms)
    .execute(&mut *connection)
    .await?;
    if media.rows_affected() == 0 {
        return Ok(false);
    }
    let upload = sqlx::query(
        "INSERT INTO uploads (upload_id, media_id, tenant_id, user_id, state, store_upload_id, size_bytes, \
         part_size_bytes, part_count, idempotency_key_sha256, request_digest, created_at_ms, transport, integrity, \
         protocol, look_at_ms) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
    )
    .bind(new.upload_id.to_string())
    .bind(new.media_id.to_string())
    .bind(new.tenant.as_str())
    .bind(new.user_id.as_str())
    .bind(new.transport.store_upload_id())
    .bind(bigint(new.plan.size_bytes))
    .bind(bigint(new.plan.part_size_bytes))
    .bind(i64::from(new.plan.part_count))
    .bind(new.idempotency_key.as_ref().map(key_digest))
    .bind(new.idempotency_key.as_ref().map(|key| key.request_digest.to_base64()))
    .bind(new.now_ms)
    .bind(new.transport.as_str())
    .bind(new.integrity.as_str())
    .bind(new.protocol.as_str())
    .bind(new.look_at_ms)
    .execute(&mut *connection)
    .await?;
    if upload.rows_affected() == 0 {
        return Ok(false);
    }
    insert_parts(connection, new.upload_id, &new.parts).await?;
    Ok(true)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    Now,
    Before(UploadState),
}

async fn close_upload(
    connection: &mut AnyConnection,
    upload_id: UploadId,
    state: UploadState,
    now_ms: i64,
) -> Result<Closed, CatalogueError> {
    let closed =
        sqlx::query("UPDATE uploads SET state = $2, closed_at_ms = $3 WHERE upload_id = $1 AND state = 'open'")
            .bind(upload_id.to_string())
            .bind(state.as_str())
            .bind(now_ms)
            .execute(&mut *connection)
            .await?;
    if closed.rows_affected() == 1 {
        return Ok(Closed::Now);
    }
    let row = sqlx::query("SELECT state FROM uploads WHERE upload_id = $1")
        .bind(upload_id.to_string())
        .fetch_optional(connection)
        .await?;
    row.ok_or(CatalogueError::UploadNotFound { upload_id })?.word("state").map(Closed::Before)
}
