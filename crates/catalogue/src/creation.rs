//! How uploads are made: one or many in one transaction.

use std::collections::HashSet;

use sealmark_protocol::{UploadId, UploadState};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    Catalogue, CatalogueError, NewUpload, UploadRow,
    challenges::insert_challenge,
    parts::insert_parts_of_many,
    rows::{Columns, bigint, placeholders, rows_of_placeholders, storable},
    uploads::key_digest,
};

/// What became of a [`NewUpload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It was recorded.
    Created(UploadRow),
    /// The same request came before: this is its upload, in whatever state it is now. A multipart upload that
    /// was begun for the repeat is nobody's; the caller aborts it.
    Existing(UploadRow),
}

impl Catalogue {
    /// Records an upload and the picture that it becomes, unless the same request did so before.
    ///
    /// # Errors
    /// [`CatalogueError::IdempotencyConflict`] when the key came with another request before,
    /// [`CatalogueError::IdTaken`] when an id is not fresh; those of the database.
    pub async fn create_upload(&self, new: &NewUpload) -> Result<CreateOutcome, CatalogueError> {
        match self.create_uploads(std::slice::from_ref(new)).await?.pop() {
            Some(outcome) => outcome,
            None => Err(CatalogueError::IdTaken { upload_id: new.upload_id }),
        }
    }

    /// Records uploads as [`create_upload`](Self::create_upload) does, all in one transaction; the outcomes in their
    /// order, and one that is refused does not hinder the others. At most 500.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn create_uploads(
        &self,
        new: &[NewUpload],
    ) -> Result<Vec<Result<CreateOutcome, CatalogueError>>, CatalogueError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let recorded = insert_uploads(&mut transaction, new).await?;
        transaction.commit().await?;
        let mut outcomes = Vec::with_capacity(new.len());
        let mut first = HashSet::new();
        for new in new {
            // An id given twice is recorded once.
            outcomes.push(if recorded.contains(&new.upload_id) && first.insert(new.upload_id) {
                Ok(CreateOutcome::Created(row_of(new)))
            } else {
                self.came_before(new).await
            });
        }
        Ok(outcomes)
    }

    async fn came_before(&self, new: &NewUpload) -> Result<CreateOutcome, CatalogueError> {
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
}

fn row_of(new: &NewUpload) -> UploadRow {
    UploadRow {
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
    }
}

/// Writes the rows of those uploads of which nothing is taken; which they are.
async fn insert_uploads(
    connection: &mut AnyConnection,
    new: &[NewUpload],
) -> Result<HashSet<UploadId>, CatalogueError> {
    let with_media = insert_media(connection, new).await?;
    let new: Vec<&NewUpload> = new.iter().filter(|new| with_media.contains(&new.upload_id)).collect();
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!(
        "INSERT INTO uploads (upload_id, media_id, tenant_id, user_id, state, store_upload_id, size_bytes, \
         part_size_bytes, part_count, idempotency_key_sha256, request_digest, created_at_ms, transport, integrity, \
         protocol, look_at_ms) VALUES {} ON CONFLICT DO NOTHING RETURNING upload_id",
        rows_of_placeholders(new.len(), 16)
    );
    // Placeholders only: no value is part of the text.
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(new.len() == 1);
    for new in &new {
        query = query
            .bind(new.upload_id.to_string())
            .bind(new.media_id.to_string())
            .bind(new.tenant.as_str())
            .bind(new.user_id.as_str())
            .bind(UploadState::Open.as_str())
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
            .bind(new.look_at_ms);
    }
    let rows = query.fetch_all(&mut *connection).await?;
    let recorded: HashSet<UploadId> = rows.iter().map(|row| row.word("upload_id")).collect::<Result<_, _>>()?;
    let (kept, without): (Vec<_>, Vec<_>) = new.into_iter().partition(|new| recorded.contains(&new.upload_id));
    if !without.is_empty() {
        // Their idempotency key is taken: the picture that was written above is nobody's.
        let sql = format!("DELETE FROM media WHERE upload_id IN ({})", placeholders(1, without.len()));
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for new in &without {
            query = query.bind(new.upload_id.to_string());
        }
        query.execute(&mut *connection).await?;
    }
    let parts = kept
        .iter()
        .flat_map(|new| new.parts.iter().map(|(number, checksum)| (new.upload_id, *number, *checksum)))
        .collect();
    insert_parts_of_many(connection, parts).await?;
    for new in &kept {
        if let Some(challenge) = &new.challenge {
            insert_challenge(connection, new.upload_id, challenge).await?;
        }
    }
    Ok(recorded)
}

/// Writes the pictures; those uploads whose picture was written.
async fn insert_media(connection: &mut AnyConnection, new: &[NewUpload]) -> Result<HashSet<UploadId>, CatalogueError> {
    let sql = format!(
        "INSERT INTO media (media_id, upload_id, tenant_id, user_id, state, file_name, content_type, source_key, \
         size_bytes, created_at_ms, last_event_at_ms) VALUES {} ON CONFLICT DO NOTHING RETURNING media_id",
        rows_of_placeholders(new.len(), 11)
    );
    // Placeholders only: no value is part of the text.
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(new.len() == 1);
    for new in new {
        query = query
            .bind(new.media_id.to_string())
            .bind(new.upload_id.to_string())
            .bind(new.tenant.as_str())
            .bind(new.user_id.as_str())
            .bind("uploading")
            .bind(storable(&new.file_name))
            .bind(new.content_type.as_deref().map(storable))
            .bind(&new.source_key)
            .bind(bigint(new.plan.size_bytes))
            .bind(new.now_ms)
            .bind(new.now_ms);
    }
    let rows = query.fetch_all(connection).await?;
    let written: HashSet<String> = rows.iter().map(|row| row.text("media_id")).collect::<Result<_, _>>()?;
    Ok(new.iter().filter(|new| written.contains(&new.media_id.to_string())).map(|new| new.upload_id).collect())
}
