//! How uploads end: completed or aborted, each once.

use sealmark_protocol::{MediaRecord, Sha256Digest, UploadId, UploadState};
use sqlx::AnyConnection;

use crate::{
    Catalogue, CatalogueError, OutboxEvent, UploadRow,
    media::media_record,
    outbox::insert_event,
    rows::{Columns, bigint},
    uploads::{select_uploads, upload_row},
};

/// An upload whose object is whole in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeUpload {
    /// The upload.
    pub upload_id: UploadId,
    /// The store's etag of the object, opaque.
    pub source_etag: String,
    /// Size of the object in bytes.
    pub size_bytes: u64,
    /// SHA-256 over the SHA-256 digests of all parts, if the store itself has checked each of them; uploads of the same
    /// tenant may then be copied from this one.
    pub content: Option<Sha256Digest>,
    /// What the others hear of it.
    pub event: OutboxEvent,
}

/// A completed upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The picture as it now stands.
    pub media: MediaRecord,
    /// Whether it was completed before; then nothing was written.
    pub repeated: bool,
}

impl Catalogue {
    /// Completes an open upload: the picture becomes `uploaded` and its event goes to the outbox, all or nothing.
    ///
    /// A repeat answers with the picture as it is and adds no second event.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`], [`CatalogueError::UploadAborted`]; those of the database.
    pub async fn complete_upload(&self, whole: &WholeUpload, now_ms: i64) -> Result<Completion, CatalogueError> {
        let mut transaction = self.write().await?;
        let completion = complete(&mut transaction, whole, now_ms).await?;
        transaction.commit().await?;
        Ok(completion)
    }

    /// Completes uploads as [`complete_upload`](Self::complete_upload) does, all in one transaction; the outcomes in their
    /// order, and one that was aborted does not hinder the others.
    ///
    /// # Errors
    /// Those of the database, and then none is completed.
    pub async fn complete_uploads(
        &self,
        whole: &[WholeUpload],
        now_ms: i64,
    ) -> Result<Vec<Result<Completion, CatalogueError>>, CatalogueError> {
        // In the order of their ids, so that two of these which complete the same uploads never wait for each other.
        let mut order: Vec<usize> = (0..whole.len()).collect();
        order.sort_by_key(|index| whole[*index].upload_id.to_string());
        let mut outcomes: Vec<_> = whole.iter().map(|_| None).collect();
        let mut transaction = self.write().await?;
        for index in order {
            outcomes[index] = Some(match complete(&mut transaction, &whole[index], now_ms).await {
                Err(error @ (CatalogueError::UploadNotFound { .. } | CatalogueError::UploadAborted { .. })) => {
                    Err(error)
                }
                outcome => Ok(outcome?),
            });
        }
        transaction.commit().await?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Aborts an open upload and its picture; an aborted one stays aborted. Returns whether it was open.
    ///
    /// # Errors
    /// [`CatalogueError::UploadNotFound`], [`CatalogueError::UploadCompleted`]; those of the database.
    pub async fn abort_upload(&self, upload_id: UploadId, now_ms: i64) -> Result<bool, CatalogueError> {
        let mut transaction = self.write().await?;
        match close_upload(&mut transaction, upload_id, UploadState::Aborted, None, now_ms).await? {
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

    /// Aborted uploads closed before a time, of which the store may still hold what came late; oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unswept_uploads(&self, before_ms: i64, limit: u32) -> Result<Vec<UploadRow>, CatalogueError> {
        sqlx::query(select_uploads!(
            "WHERE u.state = 'aborted' AND u.swept_at_ms IS NULL AND u.closed_at_ms < $1 \
             ORDER BY u.closed_at_ms LIMIT $2"
        ))
        .bind(before_ms)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(upload_row)
        .collect()
    }

    /// Notes that nothing is left in the store of aborted uploads.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mark_swept(&self, upload_ids: &[UploadId], now_ms: i64) -> Result<(), CatalogueError> {
        if upload_ids.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for id in upload_ids {
            sqlx::query("UPDATE uploads SET swept_at_ms = $2 WHERE upload_id = $1 AND state = 'aborted'")
                .bind(id.to_string())
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn complete(
    connection: &mut AnyConnection,
    whole: &WholeUpload,
    now_ms: i64,
) -> Result<Completion, CatalogueError> {
    let upload_id = whole.upload_id;
    let closed = close_upload(connection, upload_id, UploadState::Completed, whole.content, now_ms).await?;
    if closed == Closed::Before(UploadState::Aborted) {
        return Err(CatalogueError::UploadAborted { upload_id });
    }
    if closed == Closed::Now {
        sqlx::query(
            "UPDATE media SET state = 'uploaded', source_etag = $2, size_bytes = $3, uploaded_at_ms = $4, \
             last_event_at_ms = $4 WHERE upload_id = $1 AND state = 'uploading'",
        )
        .bind(upload_id.to_string())
        .bind(&whole.source_etag)
        .bind(bigint(whole.size_bytes))
        .bind(now_ms)
        .execute(&mut *connection)
        .await?;
        insert_event(connection, &whole.event, now_ms).await?;
    }
    let media = media_record(connection, upload_id).await?;
    Ok(Completion { media, repeated: closed != Closed::Now })
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
    content: Option<Sha256Digest>,
    now_ms: i64,
) -> Result<Closed, CatalogueError> {
    let closed = sqlx::query(
        "UPDATE uploads SET state = $2, closed_at_ms = $3, content_sha256 = $4 WHERE upload_id = $1 AND state = 'open'",
    )
    .bind(upload_id.to_string())
    .bind(state.as_str())
    .bind(now_ms)
    .bind(content.map(|digest| digest.to_base64()))
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
