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
}

/// What became of the wish to take a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStart {
    /// The caller has it.
    Taken(Box<Job>),
    /// Another entry's job has it, and it may be alive: ask again later.
    Busy,
    /// There is nothing to render, now or later: no such picture, its original is not whole, it was aborted, or it has
    /// failed for good.
    Nothing,
}

impl JobStart {
    /// The job, where the caller has it.
    pub fn taken(self) -> Option<Job> {
        match self {
            Self::Taken(job) => Some(*job),
            Self::Busy | Self::Nothing => None,
        }
    }
}

impl Catalogue {
    /// Takes a picture for rendering: it gets a new fencing token, and `uploaded` becomes `processing`.
    ///
    /// `entry_id` is the stream's entry that asks for the job. While another entry's job has the picture, this one is
    /// [`JobStart::Busy`], so that two events about one picture do not take it from each other for ever; the same
    /// entry takes it over at once, for then the bus has found the first worker dead. A job that began before
    /// `alive_since_ms` is taken for dead in any case.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin_job(
        &self,
        media_id: MediaId,
        entry_id: &str,
        alive_since_ms: i64,
        now_ms: i64,
    ) -> Result<JobStart, CatalogueError> {
        let mut transaction = self.write().await?;
        let taken = sqlx::query(
            "UPDATE media SET fencing_token = fencing_token + 1, last_event_at_ms = $2, job_entry_id = $3, \
             job_began_at_ms = $2, state = CASE state WHEN 'uploaded' THEN 'processing' ELSE state END \
             WHERE media_id = $1 AND state IN ('uploaded', 'processing', 'ready') \
             AND (job_entry_id IS NULL OR job_entry_id = $3 OR job_began_at_ms < $4) RETURNING fencing_token",
        )
        .bind(media_id.to_string())
        .bind(now_ms)
        .bind(entry_id)
        .bind(alive_since_ms)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(taken) = taken else {
            let busy =
                sqlx::query("SELECT 1 FROM media WHERE media_id = $1 AND state IN ('uploaded', 'processing', 'ready')")
                    .bind(media_id.to_string())
                    .fetch_optional(&mut *transaction)
                    .await?;
            return Ok(if busy.is_some() { JobStart::Busy } else { JobStart::Nothing });
        };
        let row = sqlx::query(
            "SELECT m.upload_id, m.tenant_id, m.user_id, m.source_key, m.source_etag, m.size_bytes, m.file_name, \
             m.current_version, r.version, r.digest, r.object_key, r.content_type AS r_content_type, \
             r.size_bytes AS r_size_bytes, r.width, r.height, r.template, r.job_ms, \
             r.created_at_ms AS r_created_at_ms FROM media m \
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
        };
        transaction.commit().await?;
        Ok(JobStart::Taken(Box::new(job)))
    }

    /// Lets go of a picture whose job ended without publishing or failing it, so that any entry may take it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end_job(&self, media_id: MediaId, fencing_token: FencingToken) -> Result<(), CatalogueError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "UPDATE media SET job_entry_id = NULL, job_began_at_ms = NULL WHERE media_id = $1 AND fencing_token = $2",
        )
        .bind(media_id.to_string())
        .bind(fencing_token.get())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
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
