//! Content that a tenant has already, and the proofs of possession that are asked for before it is copied.

use std::collections::HashMap;

use sealmark_protocol::{ByteRange, Challenge, PartPlan, Sha256Digest, TenantId, UploadId};
use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders, unreadable},
};

/// An object whose content the store itself has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContent {
    /// Object key.
    pub source_key: String,
    /// The store's etag of it, opaque.
    pub source_etag: String,
    /// SHA-256 over the SHA-256 digests of its parts.
    pub content: Sha256Digest,
    /// How it was cut.
    pub plan: PartPlan,
}

/// A challenge to record: who answers it may have a copy of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChallenge {
    /// What the client is asked.
    pub challenge: Challenge,
    /// What it gets a copy of.
    pub known: KnownContent,
    /// When the challenge is over, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

pub(crate) async fn insert_challenge(
    connection: &mut AnyConnection,
    upload_id: UploadId,
    new: &NewChallenge,
) -> Result<(), CatalogueError> {
    sqlx::query(
        "INSERT INTO challenges (upload_id, nonce, ranges, content_sha256, source_key, source_etag, expires_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(upload_id.to_string())
    .bind(&new.challenge.nonce)
    .bind(serde_json::to_string(&new.challenge.ranges).unwrap_or_default())
    .bind(new.known.content.to_base64())
    .bind(&new.known.source_key)
    .bind(&new.known.source_etag)
    .bind(new.expires_at_ms)
    .execute(connection)
    .await?;
    Ok(())
}

fn challenge(row: &AnyRow, plan: PartPlan) -> Result<NewChallenge, CatalogueError> {
    let ranges = row.text("ranges")?;
    let ranges: Vec<ByteRange> = serde_json::from_str(&ranges).map_err(|_| unreadable("ranges", &ranges))?;
    Ok(NewChallenge {
        challenge: Challenge { nonce: row.text("nonce")?, ranges },
        known: KnownContent {
            source_key: row.text("source_key")?,
            source_etag: row.text("source_etag")?,
            content: row.word("content_sha256")?,
            plan,
        },
        expires_at_ms: row.time("expires_at_ms")?,
    })
}

impl Catalogue {
    /// Objects of a tenant with this content, one for each that is there: completed, checked by the store, of the same
    /// size and cut the same way.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn known_contents(
        &self,
        tenant: &TenantId,
        wanted: &[(Sha256Digest, PartPlan)],
    ) -> Result<HashMap<(Sha256Digest, PartPlan), KnownContent>, CatalogueError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        // The newest row of each kind: a popular picture has been sent any number of times.
        let sql = format!(
            "SELECT u.content_sha256, u.size_bytes, u.part_size_bytes, u.part_count, m.source_key, m.source_etag \
             FROM (SELECT media_id, content_sha256, size_bytes, part_size_bytes, part_count, created_at_ms, \
             ROW_NUMBER() OVER (PARTITION BY content_sha256, size_bytes, part_size_bytes, part_count \
             ORDER BY created_at_ms DESC) AS place FROM uploads WHERE tenant_id = $1 \
             AND content_sha256 IS NOT NULL AND state = 'completed' AND content_sha256 IN ({})) u \
             JOIN media m ON m.media_id = u.media_id WHERE u.place = 1 ORDER BY u.created_at_ms",
            placeholders(2, wanted.len())
        );
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(wanted.len() == 1).bind(tenant.as_str());
        for (content, _) in wanted {
            query = query.bind(content.to_base64());
        }
        let mut known = HashMap::new();
        for row in query.fetch_all(self.readers()).await? {
            let content: Sha256Digest = row.word("content_sha256")?;
            let plan = PartPlan {
                size_bytes: row.number("size_bytes")?,
                part_size_bytes: row.number("part_size_bytes")?,
                part_count: row.number("part_count")?,
            };
            let (source_key, source_etag) = (row.text("source_key")?, row.text("source_etag")?);
            // A file of one part is cut the same way by every size of parts.
            let one = |other: PartPlan| other.part_count == 1 && plan.part_count == 1;
            let same = |other: PartPlan| other == plan || (one(other) && other.size_bytes == plan.size_bytes);
            for wanted in wanted.iter().filter(|(digest, other)| *digest == content && same(*other)) {
                // The newest one stays: it is the likeliest to be still there.
                let (source_key, source_etag) = (source_key.clone(), source_etag.clone());
                known.insert(*wanted, KnownContent { source_key, source_etag, content, plan });
            }
        }
        Ok(known)
    }

    /// The challenge of an upload that nobody has answered yet and that is not over; it stays.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn challenge(
        &self,
        upload_id: UploadId,
        plan: PartPlan,
        now_ms: i64,
    ) -> Result<Option<NewChallenge>, CatalogueError> {
        sqlx::query(
            "SELECT nonce, ranges, content_sha256, source_key, source_etag, expires_at_ms FROM challenges \
             WHERE upload_id = $1 AND expires_at_ms > $2",
        )
        .bind(upload_id.to_string())
        .bind(now_ms)
        .fetch_optional(self.readers())
        .await?
        .map(|row| challenge(&row, plan))
        .transpose()
    }

    /// Takes the challenge of an upload: of several answers one gets it, and none after it is over.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take_challenge(
        &self,
        upload_id: UploadId,
        plan: PartPlan,
        now_ms: i64,
    ) -> Result<Option<NewChallenge>, CatalogueError> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "DELETE FROM challenges WHERE upload_id = $1 \
             RETURNING nonce, ranges, content_sha256, source_key, source_etag, expires_at_ms",
        )
        .bind(upload_id.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let taken = row.map(|row| challenge(&row, plan)).transpose()?;
        Ok(taken.filter(|taken| taken.expires_at_ms > now_ms))
    }

    /// Forgets challenges that are over, at most `limit` of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn prune_challenges(&self, now_ms: i64, limit: u32) -> Result<(), CatalogueError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "DELETE FROM challenges WHERE upload_id IN (SELECT upload_id FROM challenges WHERE expires_at_ms <= $1 \
             ORDER BY expires_at_ms LIMIT $2)",
        )
        .bind(now_ms)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
