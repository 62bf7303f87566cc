//! How a job ends: a new version, or the reason why there is none. Both only for the newest job.

use sealmark_protocol::{MediaId, Rendition, Sha256Digest};
use sqlx::AnyConnection;

use crate::{
    Catalogue, CatalogueError, DeadLetter, FencingToken, OutboxEvent,
    dead_letters::insert_dead_letter,
    media::rendition,
    outbox::insert_event,
    rows::{Columns, bigint, storable},
};

/// A rendered and verified output, whole in the store under its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRendition {
    /// Version: the current one plus 1, or 1.
    pub version: u32,
    /// SHA-256 of the output's bytes.
    pub digest: Sha256Digest,
    /// Object key.
    pub key: String,
    /// Media type.
    pub content_type: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// Name of the template that drew the mark.
    pub template: String,
    /// Identity of everything that it was rendered from: source etag, template digest, fonts digest, renderer version.
    pub render_key: String,
    /// How the mark came into the file, in words.
    pub method: String,
    /// Time from taking the job to the swap, in milliseconds.
    pub job_ms: u64,
}

/// What became of a [`NewRendition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Viewers get it now, and its event is in the outbox.
    Published(Rendition),
    /// The current version has the same bytes, or some version was rendered from the same inputs: nothing changed.
    AlreadyPublished(Rendition),
    /// A newer job has the picture, or the version is not the next one: nothing changed.
    Stale {
        /// Token of the newest job.
        newest: FencingToken,
        /// The current version, 0 for none.
        current_version: u32,
    },
}

/// What became of a failed job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOutcome {
    /// The picture is failed; its dead letter and its event are written, by this call or by one before.
    Failed,
    /// The picture keeps the version that it has; only the dead letter is written.
    VersionKept,
    /// A newer job has the picture: nothing changed.
    Stale,
}

impl Catalogue {
    /// Makes a rendition the current version, if the job is still the newest and the version the next.
    ///
    /// # Errors
    /// [`CatalogueError::MediaNotFound`]; those of the database.
    pub async fn publish_version(
        &self,
        media_id: MediaId,
        fencing_token: FencingToken,
        new: &NewRendition,
        event: &OutboxEvent,
        now_ms: i64,
    ) -> Result<PublishOutcome, CatalogueError> {
        let mut transaction = self.write().await?;
        let digest = new.digest.to_hex();
        // The swap carries its own condition. Whoever publishes also raises current_version, so a row that changed while
        // this statement waited for its lock no longer matches, whatever the subquery saw.
        let swapped = sqlx::query(
            "UPDATE media SET current_version = $3, state = 'ready', last_event_at_ms = $6, job_entry_id = NULL, \
             job_began_at_ms = NULL \
             WHERE media_id = $1 AND fencing_token = $2 AND current_version = $3 - 1 \
             AND state IN ('processing', 'ready') AND NOT EXISTS (SELECT 1 FROM renditions r WHERE r.media_id = $1 \
             AND (r.render_key = $4 OR (r.version = media.current_version AND r.digest = $5)))",
        )
        .bind(media_id.to_string())
        .bind(fencing_token.get())
        .bind(i64::from(new.version))
        .bind(&new.render_key)
        .bind(&digest)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if swapped.rows_affected() == 0 {
            return not_published(&mut transaction, media_id, &new.render_key, &digest).await;
        }
        let published = Rendition {
            version: new.version,
            digest,
            key: new.key.clone(),
            content_type: new.content_type.clone(),
            size_bytes: new.size_bytes,
            width: new.width,
            height: new.height,
            template: new.template.clone(),
            job_ms: new.job_ms,
            created_at_ms: now_ms,
        };
        insert_rendition(&mut transaction, media_id, &published, new).await?;
        insert_event(&mut transaction, event, now_ms).await?;
        transaction.commit().await?;
        Ok(PublishOutcome::Published(published))
    }

    /// Ends the newest job on a picture without a version: state, dead letter and event as one step.
    ///
    /// The picture's failure takes its code and message from the dead letter. A picture that has a version keeps it, stays `ready` and sends no event. A repeat changes nothing.
    ///
    /// # Errors
    /// [`CatalogueError::MediaNotFound`]; those of the database.
    pub async fn fail_media(
        &self,
        media_id: MediaId,
        fencing_token: FencingToken,
        dead_letter: &DeadLetter,
        event: &OutboxEvent,
        now_ms: i64,
    ) -> Result<FailOutcome, CatalogueError> {
        let mut transaction = self.write().await?;
        let failed = sqlx::query(
            "UPDATE media SET state = 'failed', failure_code = $3, failure_message = $4, last_event_at_ms = $5, \
             job_entry_id = NULL, job_began_at_ms = NULL \
             WHERE media_id = $1 AND fencing_token = $2 AND state = 'processing'",
        )
        .bind(media_id.to_string())
        .bind(fencing_token.get())
        .bind(dead_letter.code.as_str())
        .bind(storable(&dead_letter.message))
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if failed.rows_affected() == 1 {
            insert_dead_letter(&mut transaction, dead_letter).await?;
            insert_event(&mut transaction, event, now_ms).await?;
            transaction.commit().await?;
            return Ok(FailOutcome::Failed);
        }
        let kept = sqlx::query(
            "UPDATE media SET last_event_at_ms = $3, job_entry_id = NULL, job_began_at_ms = NULL \
             WHERE media_id = $1 AND fencing_token = $2 AND state = 'ready'",
        )
        .bind(media_id.to_string())
        .bind(fencing_token.get())
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if kept.rows_affected() == 1 {
            insert_dead_letter(&mut transaction, dead_letter).await?;
            transaction.commit().await?;
            return Ok(FailOutcome::VersionKept);
        }
        let row = sqlx::query("SELECT state, fencing_token FROM media WHERE media_id = $1")
            .bind(media_id.to_string())
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(CatalogueError::MediaNotFound { media_id })?;
        let repeat = row.text("state")? == "failed" && row.time("fencing_token")? == fencing_token.get();
        Ok(if repeat { FailOutcome::Failed } else { FailOutcome::Stale })
    }
}

async fn insert_rendition(
    connection: &mut AnyConnection,
    media_id: MediaId,
    published: &Rendition,
    new: &NewRendition,
) -> Result<(), CatalogueError> {
    sqlx::query(
        "INSERT INTO renditions (media_id, version, digest, object_key, content_type, size_bytes, width, height, \
         template, render_key, job_ms, created_at_ms, method) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(media_id.to_string())
    .bind(i64::from(published.version))
    .bind(&published.digest)
    .bind(&published.key)
    .bind(&published.content_type)
    .bind(bigint(published.size_bytes))
    .bind(i64::from(published.width))
    .bind(i64::from(published.height))
    .bind(&published.template)
    .bind(&new.render_key)
    .bind(bigint(published.job_ms))
    .bind(published.created_at_ms)
    .bind(storable(&new.method))
    .execute(connection)
    .await?;
    Ok(())
}

/// Says why the swap's condition did not hold.
async fn not_published(
    connection: &mut AnyConnection,
    media_id: MediaId,
    render_key: &str,
    digest: &str,
) -> Result<PublishOutcome, CatalogueError> {
    let media = sqlx::query("SELECT fencing_token, current_version FROM media WHERE media_id = $1")
        .bind(media_id.to_string())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(CatalogueError::MediaNotFound { media_id })?;
    let current_version: u32 = media.number("current_version")?;
    let same = sqlx::query(
        "SELECT version, digest, object_key, content_type AS r_content_type, size_bytes AS r_size_bytes, width, \
         height, template, job_ms, created_at_ms AS r_created_at_ms FROM renditions WHERE media_id = $1 \
         AND (render_key = $2 OR (version = $3 AND digest = $4)) ORDER BY version DESC LIMIT 1",
    )
    .bind(media_id.to_string())
    .bind(render_key)
    .bind(i64::from(current_version))
    .bind(digest)
    .fetch_optional(connection)
    .await?;
    Ok(match same {
        Some(row) => PublishOutcome::AlreadyPublished(rendition(&row)?),
        None => PublishOutcome::Stale { newest: FencingToken::new(media.time("fencing_token")?), current_version },
    })
}
