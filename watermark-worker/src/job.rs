//! One job, from top to bottom: take it, fetch the original, render and verify, store, publish.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use futures::future::BoxFuture;
use sealmark_catalogue::{
    Catalogue, CatalogueError, DeadLetter, FailOutcome, Job, NewRendition, OutboxEvent, PublishOutcome,
};
use sealmark_event_bus::{Delivery, HandlerError};
use sealmark_protocol::{DeadLetterId, Envelope, EventId, FailureCode, MediaFailed, MediaUploaded, MediaWatermarked};
use sealmark_storage::{KeyError, ObjectKey, StorageError, Store};
use tower::Service;
use uuid::Uuid;

use crate::mark::{Mark, MarkError, Marked};

/// Who our events say they come from.
const SOURCE: &str = "sealmark/watermark-worker";

/// What every job shares; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Jobs {
    catalogue: Catalogue,
    store: Store,
    mark: Arc<Mark>,
    max_source_bytes: u64,
}

/// Why a job did not end with a version.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("the catalogue failed")]
    Catalogue(#[from] CatalogueError),
    #[error("the store failed")]
    Storage(#[from] StorageError),
    #[error("the record's key is none of ours")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Mark(#[from] MarkError),
    #[error("the rendering thread ended without a result")]
    Thread(#[from] tokio::task::JoinError),
}

impl JobError {
    /// The reason to give up for good; `None` where a repeat may help.
    fn permanent(&self) -> Option<FailureCode> {
        match self {
            Self::Key(_) => Some(FailureCode::SourceMissing),
            Self::Mark(error) => Some(error.failure_code()),
            Self::Storage(StorageError::TooLarge { .. }) => Some(FailureCode::ImageTooLarge),
            Self::Storage(StorageError::NotFound { .. }) => Some(FailureCode::SourceMissing),
            // Anything else is the machine's trouble, not the picture's: the limit of deliveries ends it.
            Self::Catalogue(_) | Self::Storage(_) | Self::Thread(_) => None,
        }
    }
}

/// What a job came to.
enum Ended {
    /// The picture has its version, by this job or by one before.
    Done,
    /// A newer job has the picture.
    Superseded,
}

impl Jobs {
    /// Jobs over these.
    pub fn new(catalogue: Catalogue, store: Store, mark: Mark, max_source_bytes: u64) -> Self {
        Self { catalogue, store, mark: Arc::new(mark), max_source_bytes }
    }

    async fn handle(self, delivery: Delivery) -> Result<(), HandlerError> {
        let begun = Instant::now();
        let event: MediaUploaded = match delivery.envelope.payload() {
            Ok(event) => event,
            Err(error) => return Err(permanent(FailureCode::UndecodableEvent, &error)),
        };
        let job = match self.catalogue.begin_job(event.media_id, now_ms()).await {
            Ok(Some(job)) => job,
            // Aborted, failed for good, or never ours: nothing to do, now or later.
            Ok(None) => return Ok(()),
            Err(error) => return Err(HandlerError::transient(error)),
        };
        match self.run(&job, &delivery.envelope, begun).await {
            Ok(Ended::Done) => Ok(()),
            Ok(Ended::Superseded) => Err(HandlerError::Superseded),
            Err(error) => match error.permanent() {
                None => Err(HandlerError::transient(error)),
                Some(code) => self.fail(&job, &delivery, code, &error).await,
            },
        }
    }

    async fn run(&self, job: &Job, envelope: &Envelope, begun: Instant) -> Result<Ended, JobError> {
        let mark = self.mark.now();
        let render_key = mark.render_key(&job.source_etag);
        if let Some(version) = self.catalogue.rendition_for(job.media_id, &render_key).await? {
            tracing::debug!(media.id = %job.media_id, version = version.version, "already published");
            return Ok(Ended::Done);
        }

        let source: ObjectKey = job.source_key.parse()?;
        let original = self.store.get(&source, self.max_source_bytes).await?;

        let variables = mark.variables(job);
        let marked: Marked = tokio::task::spawn_blocking(move || mark.render(&original, &variables)).await??;

        let version = job.current.as_ref().map_or(1, |current| current.version + 1);
        let key =
            ObjectKey::Version { media_id: job.media_id, version, digest: marked.digest, extension: marked.extension };
        let size_bytes = marked.bytes.len() as u64;
        self.store.put_immutable(&key, marked.bytes).await?;

        let new = NewRendition {
            version,
            digest: marked.digest,
            key: key.to_string(),
            content_type: marked.extension.content_type().to_owned(),
            size_bytes,
            width: marked.width,
            height: marked.height,
            template: marked.template,
            render_key,
            job_ms: begun.elapsed().as_millis() as u64,
        };
        let payload =
            MediaWatermarked { media_id: job.media_id, version, digest: marked.digest.to_hex(), key: new.key.clone() };
        let event = OutboxEvent::of::<MediaWatermarked>(answer(envelope, job, &payload));
        let outcome = self.catalogue.publish_version(job.media_id, job.fencing_token, &new, &event, now_ms()).await?;
        match outcome {
            PublishOutcome::Published(version) => {
                tracing::info!(
                    media.id = %job.media_id, version = version.version, digest = version.digest,
                    bytes = version.size_bytes, duration_ms = version.job_ms, "published"
                );
                Ok(Ended::Done)
            }
            PublishOutcome::AlreadyPublished(_) => Ok(Ended::Done),
            PublishOutcome::Stale { newest, current_version } => {
                tracing::warn!(
                    media.id = %job.media_id, token = %job.fencing_token, %newest, current_version,
                    "a newer job has the picture; this one changes nothing"
                );
                Ok(Ended::Superseded)
            }
        }
    }

    /// Ends a picture that no repeat can help: state, dead letter and event in one transaction, then the bus's own.
    async fn fail(
        &self,
        job: &Job,
        delivery: &Delivery,
        code: FailureCode,
        error: &JobError,
    ) -> Result<(), HandlerError> {
        let message = chain(error);
        let letter = DeadLetter {
            dead_letter_id: DeadLetterId::from_uuid(Uuid::now_v7()),
            event_id: delivery.envelope.id.to_string(),
            topic: delivery.topic,
            tenant: Some(job.tenant.clone()),
            media_id: Some(job.media_id),
            code,
            message: message.clone(),
            body: delivery.envelope.to_json(),
            deliveries: delivery.delivery_count,
            created_at_ms: now_ms(),
        };
        let payload = MediaFailed { media_id: job.media_id, code, message: message.clone() };
        let event = OutboxEvent::of::<MediaFailed>(answer(&delivery.envelope, job, &payload));
        let outcome = self
            .catalogue
            .fail_media(job.media_id, job.fencing_token, &letter, &event, now_ms())
            .await
            .map_err(HandlerError::transient)?;
        match outcome {
            FailOutcome::Failed | FailOutcome::VersionKept => Err(HandlerError::Permanent { code, message }),
            FailOutcome::Stale => Err(HandlerError::Superseded),
        }
    }
}

impl Service<Delivery> for Jobs {
    type Response = ();
    type Error = HandlerError;
    type Future = BoxFuture<'static, Result<(), HandlerError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, delivery: Delivery) -> Self::Future {
        Box::pin(self.clone().handle(delivery))
    }
}

/// An event that answers another: same tenant, same trace.
fn answer<T: sealmark_protocol::EventPayload>(to: &Envelope, job: &Job, payload: &T) -> Envelope {
    let id = EventId::from_uuid(Uuid::now_v7());
    let mut envelope = Envelope::new(id, SOURCE, now_ms(), job.tenant.clone(), job.media_id, payload);
    envelope.traceparent = to.traceparent.clone();
    envelope
}

fn permanent(code: FailureCode, error: &(dyn std::error::Error + 'static)) -> HandlerError {
    HandlerError::Permanent { code, message: chain(error) }
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Now, in milliseconds since 1970 UTC.
fn now_ms() -> i64 {
    // A clock before 1970 is read as 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
