//! Dead letters: events that nobody could handle, each with its reason.

use sealmark_protocol::{DeadLetterId, FailureCode, MediaId, TenantId, Topic};
use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, storable},
};

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Fresh id of the dead letter.
    pub dead_letter_id: DeadLetterId,
    /// Id of the event; of one that cannot be read, the stream and the entry's id. An event is given up once.
    pub event_id: String,
    /// Where it came from.
    pub topic: Topic,
    /// Shop, where the event could be read.
    pub tenant: Option<TenantId>,
    /// Picture, where the event could be read.
    pub media_id: Option<MediaId>,
    /// Stable code of the reason.
    pub code: FailureCode,
    /// The reason in one English sentence.
    pub message: String,
    /// The event as it was delivered.
    pub body: String,
    /// How often it was delivered.
    pub deliveries: u32,
    /// When it was given up, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

/// Writes a dead letter; false where the event has one already.
pub(crate) async fn insert_dead_letter(
    connection: &mut AnyConnection,
    letter: &DeadLetter,
) -> Result<bool, CatalogueError> {
    let inserted = sqlx::query(
        "INSERT INTO dead_letters (dead_letter_id, event_id, topic, tenant_id, media_id, code, message, body, \
         deliveries, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
    )
    .bind(letter.dead_letter_id.to_string())
    .bind(&letter.event_id)
    .bind(letter.topic.as_str())
    .bind(letter.tenant.as_ref().map(TenantId::as_str))
    .bind(letter.media_id.as_ref().map(MediaId::to_string))
    .bind(letter.code.as_str())
    .bind(storable(&letter.message))
    .bind(storable(&letter.body))
    .bind(i64::from(letter.deliveries))
    .bind(letter.created_at_ms)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

fn dead_letter(row: &AnyRow) -> Result<DeadLetter, CatalogueError> {
    Ok(DeadLetter {
        dead_letter_id: row.word("dead_letter_id")?,
        event_id: row.text("event_id")?,
        topic: row.topic("topic")?,
        tenant: row.maybe_word("tenant_id")?,
        media_id: row.maybe_word("media_id")?,
        code: row.word("code")?,
        message: row.text("message")?,
        body: row.text("body")?,
        deliveries: row.number("deliveries")?,
        created_at_ms: row.time("created_at_ms")?,
    })
}

impl Catalogue {
    /// Records an event that was given up for another reason than its picture's; false where it was recorded before.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record_dead_letter(&self, letter: &DeadLetter) -> Result<bool, CatalogueError> {
        let mut transaction = self.write().await?;
        let inserted = insert_dead_letter(&mut transaction, letter).await?;
        transaction.commit().await?;
        Ok(inserted)
    }

    /// The newest dead letters of all tenants, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, CatalogueError> {
        sqlx::query(
            "SELECT dead_letter_id, event_id, topic, tenant_id, media_id, code, message, body, deliveries, \
             created_at_ms FROM dead_letters ORDER BY created_at_ms DESC, dead_letter_id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(dead_letter)
        .collect()
    }
}
