//! What the sweeper looks for: pictures and uploads that nobody moves any more.

use sealmark_protocol::{MediaId, TenantId, UploadId, UserId};
use sqlx::any::AnyRow;

use crate::{
    Catalogue, CatalogueError, OutboxEvent, UploadRow,
    outbox::insert_event,
    rows::Columns,
    uploads::{select_uploads, upload_row},
};

/// A picture whose original is whole, and which waits for a worker that may never have heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalledMedia {
    /// The picture.
    pub media_id: MediaId,
    /// The upload that brought it.
    pub upload_id: UploadId,
    /// Shop.
    pub tenant: TenantId,
    /// Who uploaded it.
    pub user_id: UserId,
    /// Object key of the original.
    pub source_key: String,
    /// The store's etag of the original, opaque.
    pub source_etag: String,
    /// Size of the original in bytes.
    pub size_bytes: u64,
    /// The file's name as uploaded.
    pub file_name: String,
    /// When it was last uploaded, taken or requeued, in milliseconds since 1970 UTC.
    pub last_event_at_ms: i64,
}

fn stalled(row: &AnyRow) -> Result<StalledMedia, CatalogueError> {
    Ok(StalledMedia {
        media_id: row.word("media_id")?,
        upload_id: row.word("upload_id")?,
        tenant: row.word("tenant_id")?,
        user_id: row.word("user_id")?,
        source_key: row.text("source_key")?,
        source_etag: row.text("source_etag")?,
        size_bytes: row.number("size_bytes")?,
        file_name: row.text("file_name")?,
        last_event_at_ms: row.time("last_event_at_ms")?,
    })
}

impl Catalogue {
    /// Pictures `uploaded` or `processing` that nothing has happened to since a time, oldest first.
    ///
    /// Those whose event still waits in the outbox are not among them: a relay that is behind is no lost event.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn stalled_media(&self, before_ms: i64, limit: u32) -> Result<Vec<StalledMedia>, CatalogueError> {
        sqlx::query(
            "SELECT media_id, upload_id, tenant_id, user_id, source_key, source_etag, size_bytes, file_name, \
             last_event_at_ms FROM media WHERE state IN ('uploaded', 'processing') AND last_event_at_ms < $1 \
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = media.media_id AND o.published_at_ms IS NULL) \
             ORDER BY last_event_at_ms LIMIT $2",
        )
        .bind(before_ms)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(stalled)
        .collect()
    }

    /// Puts a fresh event for a stalled picture into the outbox, unless something has happened to it since it was found;
    /// of several sweepers one succeeds. Returns whether it did.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn requeue(
        &self,
        found: &StalledMedia,
        event: &OutboxEvent,
        now_ms: i64,
    ) -> Result<bool, CatalogueError> {
        let mut transaction = self.write().await?;
        let touched = sqlx::query(
            "UPDATE media SET last_event_at_ms = $3 WHERE media_id = $1 AND last_event_at_ms = $2 \
             AND state IN ('uploaded', 'processing')",
        )
        .bind(found.media_id.to_string())
        .bind(found.last_event_at_ms)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if touched.rows_affected() == 0 {
            return Ok(false);
        }
        insert_event(&mut transaction, event, now_ms).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Uploads made before a time that are still open, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open_uploads(&self, before_ms: i64, limit: u32) -> Result<Vec<UploadRow>, CatalogueError> {
        sqlx::query(select_uploads!(
            "WHERE u.state = 'open' AND u.created_at_ms < $1 ORDER BY u.created_at_ms LIMIT $2"
        ))
        .bind(before_ms)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(upload_row)
        .collect()
    }
}
