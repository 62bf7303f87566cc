//! Live news: wakes those who wait for a picture when an event about it passes.

use futures::StreamExt;
use sealmark_event_bus::{Bus, BusError, CancellationToken, tail};
use sealmark_protocol::{Lane, MediaId, Topic};
use tokio::sync::broadcast;

/// News that may wait for a slow reader; one who falls behind reads the record instead.
const BACKLOG: usize = 1_024;

/// Tells which pictures have news. Only a hint: whoever is woken reads the record, for the database is the truth.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    news: broadcast::Sender<MediaId>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { news: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<MediaId> {
        self.news.subscribe()
    }

    /// Follows the topics that end a picture's wait, until stopped; survives Redis going away.
    pub(crate) async fn follow(self, bus: Bus, stop: CancellationToken) {
        let opened = async {
            let watermarked = tail(&bus, Topic::MediaWatermarked, Lane::default()).await?;
            let failed = tail(&bus, Topic::MediaFailed, Lane::default()).await?;
            Ok::<_, BusError>(futures::stream::select(watermarked, failed))
        };
        let events = tokio::select! {
            () = stop.cancelled() => return,
            opened = opened => opened,
        };
        let mut events = match events {
            Ok(events) => std::pin::pin!(events),
            Err(error) => {
                tracing::warn!(%error, "no live news from the bus; pages learn of versions a little later");
                return stop.cancelled().await;
            }
        };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                event = events.next() => {
                    let Some(event) = event else { return stop.cancelled().await };
                    if let Ok(media_id) = event.subject.parse() {
                        // Nobody listening is no error.
                        let _ = self.news.send(media_id);
                    }
                }
            }
        }
    }
}
