//! A worker's view of a picture: taking it, and seeing whether its work is already done.

use std::fmt;

use sealmark_protocol::{MediaId, Rendition, TenantId, UploadId, UserId};

use crate::{
    Catalogue, CatalogueError,
    media::{current_rendition, rendition},
    rows::Columns,
};

/// The number of a job on a picture; only the job with the newest one may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FencingToken(i64);

impl FencingToken {
    pub(crate) const fn new(token: i64) -> Self {
        Self(token)
    }

    /// The number, from 1.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for FencingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A picture that a worker has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The picture.
    pub media_id: MediaId,
    /// The upload that brought it.
    pub upload_id: UploadId,
    /// This job's number.
    pub fencing_token: FencingToken,
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
    /// The version that viewers get now; the next one is this plus 1, or 1.
    pub current: Option<Rendition>,
    /// What `current` was rendered from.
    pub current_render_key: Option<String>,
}

impl Catalogue {
    /// Takes a picture for rendering: it gets a new fencing token, and `uploaded` becomes `processing`.
    ///
    /// `None` where there is nothing to render: no such picture, its original is not whole, it was aborted, or it has
    /// failed for good.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin_job(&self, media_id: MediaId, now_ms: i64) -> Result<Option<Job>, CatalogueError> {
        let mut transaction = self.write().await?;
        let taken = sqlx::query(
            "UPDATE media SET fencing_token = fencing_token + 1, last_event_at_ms = $2, \
             state = CASE state WHEN 'uploaded' THEN 'processing' ELSE state END \
             WHERE media_id = $1 AND state IN ('uploaded', 'processing', 'ready') RETURNING fencing_token",
        )
        .bind(media_id.to_string())
        .bind(now_ms)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(taken) = taken else { return Ok(None) };
        let row = sqlx::query(
            "SELECT m.upload_id, m.tenant_id, m.user_id, m.source_key, m.source_etag, m.size_bytes, m.file_name, \
             m.current_version, r.version, r.digest, r.object_key, r.content_type AS r_content_type, \
             r.size_bytes AS r_size_bytes, r.width, r.height, r.template, r.job_ms, \
             r.created_at_ms AS r_created_at_ms, r.render_key FROM media m \
             LEFT JOIN renditions r ON r.media_id = m.media_id AND r.version = m.current_version \
             WHERE m.media_id = $1",
        )
        .bind(media_id.to_string())
        .fetch_one(&mut *transaction)
        .await?;
        let job = Job {
            media_id,
            upload_id: row.word("upload_id")?,
            fencing_token: FencingToken::new(taken.time("fencing_token")?),
            tenant: row.word("tenant_id")?,
            user_id: row.word("user_id")?,
            source_key: row.text("source_key")?,
            source_etag: row.text("source_etag")?,
            size_bytes: row.number("size_bytes")?,
            file_name: row.text("file_name")?,
            current: current_rendition(&row)?,
            current_render_key: row.maybe_text("render_key")?,
        };
        transaction.commit().await?;
        Ok(Some(job))
    }

    /// The version that was already published from the same inputs, current or not.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rendition_for(
        &self,
        media_id: MediaId,
        render_key: &str,
    ) -> Result<Option<Rendition>, CatalogueError> {
        sqlx::query(
            "SELECT version, digest, object_key, content_type AS r_content_type, size_bytes AS r_size_bytes, width, \
             height, template, job_ms, created_at_ms AS r_created_at_ms FROM renditions \
             WHERE media_id = $1 AND render_key = $2",
        )
        .bind(media_id.to_string())
        .bind(render_key)
        .fetch_optional(self.readers())
        .await?
        .map(|row| rendition(&row))
        .transpose()
    }
}
