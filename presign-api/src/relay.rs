//! The relay: outbox rows of the database go to Redis, in order, at least once.

use std::{sync::Arc, time::Duration};

use sealmark_catalogue::{Catalogue, CatalogueError};
use sealmark_event_bus::{BusError, CancellationToken, Publisher};
use sealmark_protocol::Lane;
use tokio::{sync::Notify, time::timeout};

use crate::app::now_ms;

/// Most rows in one round.
const BATCH: u32 = 200;
/// The outbox is looked at this often even when nobody calls, for the workers write to it too.
const LOOK: Duration = Duration::from_millis(100);
/// Longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Moves events from the outbox to the bus; several may run at once, for the bus drops what it has seen.
#[derive(Debug, Clone)]
pub struct Relay {
    catalogue: Catalogue,
    publisher: Publisher,
    call: Arc<Notify>,
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the outbox cannot be read or marked")]
    Catalogue(#[from] CatalogueError),
    #[error("the events cannot be published")]
    Bus(#[from] BusError),
}

impl Relay {
    /// A relay between these two.
    pub fn new(catalogue: Catalogue, publisher: Publisher) -> Self {
        Self { catalogue, publisher, call: Arc::new(Notify::new()) }
    }

    /// Says that the outbox has something, so that it does not wait for the next look.
    pub(crate) fn call(&self) {
        self.call.notify_one();
    }

    /// Relays until stopped. A failure is logged when it begins and when it ends.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = LOOK;
        let mut failing = false;
        while !stop.is_cancelled() {
            match self.round().await {
                Ok(relayed) => {
                    if failing {
                        tracing::info!("the relay works again");
                    }
                    failing = false;
                    pause = LOOK;
                    if relayed == BATCH as usize {
                        continue;
                    }
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = timeout(LOOK, self.call.notified()) => {}
                    }
                }
                Err(error) => {
                    if !failing {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::warn!(%error, cause, "the relay waits; nothing is lost, the outbox keeps it");
                    }
                    failing = true;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn round(&self) -> Result<usize, RelayError> {
        let rows = self.catalogue.outbox_batch(BATCH).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let events: Vec<_> = rows.iter().map(|row| (row.topic, Lane::default(), row.envelope.clone())).collect();
        self.publisher.publish(&events).await?;
        // Marked only afterwards: a crash in between publishes again, and the bus drops the second.
        let ids: Vec<_> = rows.iter().map(|row| row.envelope.id).collect();
        self.catalogue.mark_published(&ids, now_ms()).await?;
        Ok(rows.len())
    }
}
