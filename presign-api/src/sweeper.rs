//! The sweeper: finds records that nobody moves any more and drives them on.

use std::time::Duration;

use sealmark_catalogue::{Catalogue, CatalogueError, OutboxEvent, Protocol, StalledMedia, UploadRow};
use sealmark_event_bus::CancellationToken;
use sealmark_protocol::{Envelope, ErrorCode, EventId, MediaUploaded, UploadId};
use sealmark_storage::{StorageError, Store};
use uuid::Uuid;

use crate::{
    app::{App, SOURCE, now_ms},
    config::Sweep,
    uploads::{abort::remove, complete::note, in_store},
};

/// Most records of a kind in one round.
const BATCH: u32 = 500;

/// Time after the last presigned request has expired in which one that began in time may still end, in seconds.
const LATE_S: u64 = 300;

/// Heals what a crash or a loss of Redis left behind: a picture whose event is gone gets a fresh one, an upload that was
/// abandoned is aborted, and published outbox rows are forgotten in time.
#[derive(Debug, Clone)]
pub struct Sweeper {
    app: App,
    catalogue: Catalogue,
    store: Store,
    config: Sweep,
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error("the catalogue failed")]
    Catalogue(#[from] CatalogueError),
    #[error("the store failed")]
    Storage(#[from] StorageError),
}

impl Sweeper {
    /// The sweeper of a service.
    pub fn new(app: App) -> Self {
        let (catalogue, store) = (app.catalogue.clone(), app.store.clone());
        let config = app.config.sweeper.clone();
        Self { app, catalogue, store, config }
    }

    /// Sweeps at each interval until stopped.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.round(&stop).await {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "a sweep was cut short; the next one goes on");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(self.config.interval_s)) => {}
            }
        }
    }

    async fn round(&self, stop: &CancellationToken) -> Result<(), SweepError> {
        let now = now_ms();
        let before = |seconds: u64| now - (seconds as i64).saturating_mul(1_000);

        // What needs no store comes first, so that an outage of the store delays none of it.
        self.catalogue.prune_challenges(now, BATCH * 10).await?;
        self.catalogue.prune_published(before(self.config.keep_published_s), BATCH * 10).await?;

        // Before an answer of "no such object" is believed, the bucket itself must be there.
        self.store.check_bucket().await?;
        for media in self.catalogue.stalled_media(before(self.config.stuck_after_s), BATCH).await? {
            if self.catalogue.requeue(&media, &fresh_event(&media, now), now).await? {
                tracing::info!(media.id = %media.media_id, "a picture without news got a fresh event");
            }
        }
        for upload in self.catalogue.open_uploads(before(self.config.abandoned_after_s), BATCH).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            let id = upload.upload_id;
            if let Err(error) = self.end(upload, now).await {
                warn(id, &error, "an abandoned upload is not yet ended");
            }
        }
        self.remove_late(before(self.app.config.policy.part_url_ttl_s + LATE_S), now).await
    }

    /// Ends an upload that was abandoned: one that is whole is noted, any other is aborted.
    async fn end(&self, upload: UploadRow, now_ms: i64) -> Result<(), SweepError> {
        let (id, (key, store_upload)) = (upload.upload_id, in_store(&upload));
        // Completed in the store by a process that died before it could note it, or a form of Uppy's, which nobody ever
        // asks to complete: the picture is not abandoned. Any other form is there before anybody has asked to complete
        // it, and one that nobody asks for goes.
        if (store_upload.is_some() || upload.protocol == Protocol::Companion) && self.store.head(&key).await?.is_some()
        {
            match note(&self.app, upload.clone(), None).await {
                Ok(_) => {
                    tracing::info!(upload.id = %id, "an upload that the store had completed is noted");
                    return Ok(());
                }
                // Nobody can ever complete it.
                Err(error) if matches!(error.code(), ErrorCode::PartMismatch | ErrorCode::SizeMismatch) => {
                    tracing::warn!(upload.id = %id, ?error, "an abandoned upload has an object that is none of its own");
                }
                Err(error) => {
                    tracing::warn!(upload.id = %id, ?error, "an upload that is whole cannot be noted");
                    return Ok(());
                }
            }
        }
        match self.catalogue.abort_upload(id, now_ms).await {
            Ok(_) => {
                tracing::info!(upload.id = %id, "an abandoned upload was aborted");
                Ok(remove(&self.app, &upload).await?)
            }
            // Completed in this very moment: good.
            Err(CatalogueError::UploadCompleted { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What was on its way when an upload was aborted may have arrived since: once nothing more can come, the store is
    /// told again.
    async fn remove_late(&self, closed_before_ms: i64, now_ms: i64) -> Result<(), SweepError> {
        let uploads = self.catalogue.unswept_uploads(closed_before_ms, BATCH).await?;
        let mut swept = Vec::with_capacity(uploads.len());
        for upload in uploads {
            match remove(&self.app, &upload).await {
                Ok(()) => swept.push(upload.upload_id),
                Err(error) => warn(upload.upload_id, &error, "what came late for an aborted upload stays for now"),
            }
        }
        Ok(self.catalogue.mark_swept(&swept, now_ms).await?)
    }
}

fn warn(id: UploadId, error: &dyn std::error::Error, what: &str) {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(upload.id = %id, %error, cause, "{what}");
}

/// A new id, so that the bus does not take it for the one that was lost.
fn fresh_event(media: &StalledMedia, now_ms: i64) -> OutboxEvent {
    let payload = MediaUploaded {
        media_id: media.media_id,
        upload_id: media.upload_id,
        user_id: media.user_id.clone(),
        source_key: media.source_key.clone(),
        source_etag: media.source_etag.clone(),
        size_bytes: media.size_bytes,
        file_name: media.file_name.clone(),
    };
    let id = EventId::from_uuid(Uuid::now_v7());
    OutboxEvent::of::<MediaUploaded>(Envelope::new(id, SOURCE, now_ms, media.tenant.clone(), media.media_id, &payload))
}
