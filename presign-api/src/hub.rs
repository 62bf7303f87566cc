//! Live news: wakes those who wait for a picture when an event about it passes.

use std::{collections::HashSet, sync::Arc};

use futures::StreamExt;
use sealmark_catalogue::{Catalogue, OwnedMedia};
use sealmark_event_bus::{Bus, BusError, CancellationToken, tail};
use sealmark_protocol::{Lane, MediaId, Topic};
use tokio::sync::broadcast;

/// News that may wait for a slow reader; one who falls behind reads the record instead.
const BACKLOG: usize = 1_024;

/// Events that are read at once, and asked for in the database by one question.
const AT_ONCE: usize = 100;

/// Tells which pictures have news, and reads them once for all who follow. News may be lost: whoever follows looks into
/// the database from time to time.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    catalogue: Catalogue,
    news: broadcast::Sender<Arc<OwnedMedia>>,
}

impl Hub {
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        Self { catalogue, news: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<OwnedMedia>> {
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
            Ok(events) => std::pin::pin!(events.ready_chunks(AT_ONCE)),
            Err(error) => {
                tracing::warn!(%error, "no live news from the bus; pages learn of versions a little later");
                return stop.cancelled().await;
            }
        };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                events = events.next() => {
                    let Some(events) = events else { return stop.cancelled().await };
                    let ids: HashSet<MediaId> = events.iter().filter_map(|event| event.subject.parse().ok()).collect();
                    self.spread(&ids.into_iter().collect::<Vec<_>>()).await;
                }
            }
        }
    }

    async fn spread(&self, ids: &[MediaId]) {
        if self.news.receiver_count() == 0 {
            return;
        }
        match self.catalogue.media_with_owners(ids).await {
            Ok(found) => {
                for media in found {
                    // Nobody listening any more is no error.
                    let _ = self.news.send(Arc::new(media));
                }
            }
            Err(error) => tracing::warn!(%error, "news cannot be read; those who follow look for themselves"),
        }
    }
}
