//! Pictures as owners and viewers see them.

use sealmark_protocol::{Failure, MediaId, MediaRecord, Rendition, TenantId, UploadId, UserId};
use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders},
};

/// The columns of [`MediaRecord`], from `media` as m and its current version in `renditions` as r.
macro_rules! select_media {
    ($rest:literal) => {
        concat!(
            "SELECT m.media_id, m.upload_id, m.tenant_id, m.user_id, m.state, m.file_name, m.size_bytes, m.created_at_ms, m.uploaded_at_ms, m.last_event_at_ms, \
             m.failure_code, m.failure_message, m.current_version, r.version, r.digest, r.object_key, \
             r.content_type AS r_content_type, r.size_bytes AS r_size_bytes, r.width, r.height, r.template, \
             r.job_ms, r.created_at_ms AS r_created_at_ms FROM media m \
             LEFT JOIN renditions r ON r.media_id = m.media_id AND r.version = m.current_version ",
            $rest
        )
    };
}

/// A picture and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedMedia {
    /// Shop.
    pub tenant: TenantId,
    /// Who uploaded it.
    pub user_id: UserId,
    /// The picture.
    pub media: MediaRecord,
    /// When something last happened to it, in milliseconds since 1970 UTC.
    pub last_event_at_ms: i64,
}

fn record(row: &AnyRow) -> Result<MediaRecord, CatalogueError> {
    let failure = match row.maybe_word("failure_code")? {
        Some(code) => Some(Failure { code, message: row.maybe_text("failure_message")?.unwrap_or_default() }),
        None => None,
    };
    Ok(MediaRecord {
        media_id: row.word("media_id")?,
        upload_id: row.word("upload_id")?,
        state: row.word("state")?,
        file_name: row.text("file_name")?,
        size_bytes: row.number("size_bytes")?,
        created_at_ms: row.time("created_at_ms")?,
        uploaded_at_ms: row.maybe_time("uploaded_at_ms")?,
        current: current_rendition(row)?,
        failure,
    })
}

/// The current version from a row that joins it, `None` for version 0.
pub(crate) fn current_rendition(row: &AnyRow) -> Result<Option<Rendition>, CatalogueError> {
    if row.time("current_version")? == 0 { Ok(None) } else { rendition(row).map(Some) }
}

/// A rendition from a row with the columns of `select_media`.
pub(crate) fn rendition(row: &AnyRow) -> Result<Rendition, CatalogueError> {
    Ok(Rendition {
        version: row.number("version")?,
        digest: row.text("digest")?,
        key: row.text("object_key")?,
        content_type: row.text("r_content_type")?,
        size_bytes: row.number("r_size_bytes")?,
        width: row.number("width")?,
        height: row.number("height")?,
        template: row.text("template")?,
        job_ms: row.number("job_ms")?,
        created_at_ms: row.time("r_created_at_ms")?,
    })
}

/// The picture of an upload, as the transaction sees it.
pub(crate) async fn media_record(
    connection: &mut AnyConnection,
    upload_id: UploadId,
) -> Result<MediaRecord, CatalogueError> {
    let row = sqlx::query(select_media!("WHERE m.upload_id = $1"))
        .bind(upload_id.to_string())
        .fetch_optional(connection)
        .await?;
    record(&row.ok_or(CatalogueError::UploadNotFound { upload_id })?)
}

impl Catalogue {
    /// A picture with its current version, whoever asks.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media(&self, media_id: MediaId) -> Result<Option<MediaRecord>, CatalogueError> {
        sqlx::query(select_media!("WHERE m.media_id = $1"))
            .bind(media_id.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(|row| record(&row))
            .transpose()
    }

    /// A picture of this user with its current version; nobody else's.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media_of_owner(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        media_id: MediaId,
    ) -> Result<Option<MediaRecord>, CatalogueError> {
        sqlx::query(select_media!("WHERE m.media_id = $1 AND m.tenant_id = $2 AND m.user_id = $3"))
            .bind(media_id.to_string())
            .bind(tenant.as_str())
            .bind(user_id.as_str())
            .fetch_optional(self.readers())
            .await?
            .map(|row| record(&row))
            .transpose()
    }

    /// Those of these pictures that are this user's, in any order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media_of_owner_by_ids(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        media_ids: &[MediaId],
    ) -> Result<Vec<MediaRecord>, CatalogueError> {
        let mut found = self.media_with_owners(media_ids).await?;
        found.retain(|owned| owned.tenant == *tenant && owned.user_id == *user_id);
        Ok(found.into_iter().map(|owned| owned.media).collect())
    }

    /// These pictures and whose they are, in any order; at most 1,000.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media_with_owners(&self, media_ids: &[MediaId]) -> Result<Vec<OwnedMedia>, CatalogueError> {
        if media_ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("{} WHERE m.media_id IN ({})", select_media!(""), placeholders(1, media_ids.len()));
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(media_ids.len() == 1);
        for id in media_ids {
            query = query.bind(id.to_string());
        }
        let owned = |row: &AnyRow| {
            Ok(OwnedMedia {
                tenant: row.word("tenant_id")?,
                user_id: row.word("user_id")?,
                media: record(row)?,
                last_event_at_ms: row.time("last_event_at_ms")?,
            })
        };
        query.fetch_all(self.readers()).await?.iter().map(owned).collect()
    }

    /// A user's pictures that something has happened to since a time, the oldest news first, with when it was.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media_changed_since(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        since_ms: i64,
        limit: u32,
    ) -> Result<Vec<(i64, MediaRecord)>, CatalogueError> {
        sqlx::query(select_media!(
            "WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.last_event_at_ms >= $3 \
             ORDER BY m.last_event_at_ms, m.media_id LIMIT $4"
        ))
        .bind(tenant.as_str())
        .bind(user_id.as_str())
        .bind(since_ms)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok((row.time("last_event_at_ms")?, record(row)?)))
        .collect()
    }

    /// A user's pictures, newest first, without those whose upload was aborted.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_media(
        &self,
        tenant: &TenantId,
        user_id: &UserId,
        limit: u32,
    ) -> Result<Vec<MediaRecord>, CatalogueError> {
        sqlx::query(select_media!(
            "WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.state <> 'aborted' \
             ORDER BY m.created_at_ms DESC, m.media_id DESC LIMIT $3"
        ))
        .bind(tenant.as_str())
        .bind(user_id.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(record)
        .collect()
    }
}
