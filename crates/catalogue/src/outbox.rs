//! The transactional outbox: events wait here, written with the change that they tell of, until a relay has sent them.

use sealmark_protocol::{Envelope, EventId, EventPayload, Topic};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    Catalogue, CatalogueError,
    rows::{Columns, placeholders, unreadable},
};

/// An event on its way to a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEvent {
    /// Where it goes.
    pub topic: Topic,
    /// What it says.
    pub envelope: Envelope,
}

impl OutboxEvent {
    /// An event whose topic is that of its payload's type.
    ///
    /// ```
    /// use sealmark_catalogue::OutboxEvent;
    /// use sealmark_protocol::{Envelope, EventId, MediaWatermarked, TenantId, Topic};
    /// # let media_id: sealmark_protocol::MediaId = "0192f3c8-7b5e-7d3a-9c1e-000000000002".parse()?;
    /// # let id = EventId::from_uuid(media_id.as_uuid());
    /// let payload = MediaWatermarked { media_id, version: 1, digest: "ab".into(), key: "media/x".into() };
    /// let envelope = Envelope::new(id, "sealmark/worker", 0, TenantId::new("acme")?, media_id, &payload);
    /// assert_eq!(OutboxEvent::of::<MediaWatermarked>(envelope).topic, Topic::MediaWatermarked);
    /// # Ok::<(), sealmark_protocol::IdError>(())
    /// ```
    pub fn of<T: EventPayload>(envelope: Envelope) -> Self {
        Self { topic: T::TOPIC, envelope }
    }
}

/// How far the relays are behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Events that no relay has marked as sent.
    pub count: u64,
    /// Age of the oldest of them in milliseconds, at least 0.
    pub oldest_age_ms: Option<i64>,
}

/// Writes an event in the transaction of the change that it tells of.
pub(crate) async fn insert_event(
    connection: &mut AnyConnection,
    event: &OutboxEvent,
    now_ms: i64,
) -> Result<(), CatalogueError> {
    sqlx::query("INSERT INTO outbox (event_id, topic, subject, envelope, created_at_ms) VALUES ($1, $2, $3, $4, $5)")
        .bind(event.envelope.id.to_string())
        .bind(event.topic.as_str())
        .bind(&event.envelope.subject)
        .bind(event.envelope.to_json())
        .bind(now_ms)
        .execute(connection)
        .await?;
    Ok(())
}

impl Catalogue {
    /// The oldest events that are not marked as sent, in the order they were written.
    ///
    /// Nothing is reserved: two relays may get the same event and both send it, so consumers must know a repeat by its
    /// id. Topics of a newer release are left for its relays.
    ///
    /// # Errors
    /// [`CatalogueError::Unreadable`] for an envelope that is none; those of the database.
    pub async fn outbox_batch(&self, limit: u32) -> Result<Vec<OutboxEvent>, CatalogueError> {
        let sql = format!(
            "SELECT topic, envelope FROM outbox WHERE published_at_ms IS NULL AND topic IN ({}) \
             ORDER BY created_at_ms, event_id LIMIT $1",
            placeholders(2, Topic::ALL.len())
        );
        // Placeholders only: no value is part of the text.
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit));
        for topic in Topic::ALL {
            query = query.bind(topic.as_str());
        }
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter()
            .map(|row| {
                let json = row.text("envelope")?;
                let envelope = Envelope::from_json(json.as_bytes()).map_err(|_| unreadable("envelope", &json))?;
                Ok(OutboxEvent { topic: row.topic("topic")?, envelope })
            })
            .collect()
    }

    /// Marks events as sent; those already marked keep their time. Returns how many were not.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mark_published(&self, ids: &[EventId], now_ms: i64) -> Result<u64, CatalogueError> {
        if ids.is_empty() {
            return Ok(0);
        }
        // Sorted, so that two relays which mark the same events take the row locks in the same order.
        let mut ids: Vec<String> = ids.iter().map(EventId::to_string).collect();
        ids.sort_unstable();
        let mut transaction = self.write().await?;
        let mut marked = 0;
        for id in ids {
            let done =
                sqlx::query("UPDATE outbox SET published_at_ms = $2 WHERE event_id = $1 AND published_at_ms IS NULL")
                    .bind(id)
                    .bind(now_ms)
                    .execute(&mut *transaction)
                    .await?;
            marked += done.rows_affected();
        }
        transaction.commit().await?;
        Ok(marked)
    }

    /// Number and age of the events that wait.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn outbox_backlog(&self, now_ms: i64) -> Result<Backlog, CatalogueError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS waiting, MIN(created_at_ms) AS oldest FROM outbox WHERE published_at_ms IS NULL",
        )
        .fetch_one(self.readers())
        .await?;
        let oldest_age_ms = row.maybe_time("oldest")?.map(|oldest| now_ms.saturating_sub(oldest).max(0));
        Ok(Backlog { count: row.number("waiting")?, oldest_age_ms })
    }

    /// Forgets events sent before a time, at most `limit` of them; returns how many. Call again until it returns 0.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn prune_published(&self, before_ms: i64, limit: u32) -> Result<u64, CatalogueError> {
        let mut transaction = self.write().await?;
        let pruned = sqlx::query(
            "DELETE FROM outbox WHERE event_id IN (SELECT event_id FROM outbox \
             WHERE published_at_ms IS NOT NULL AND published_at_ms < $1 ORDER BY published_at_ms LIMIT $2)",
        )
        .bind(before_ms)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(pruned.rows_affected())
    }
}
