//! One job, from top to bottom: take it, fetch the original, render and verify, store, publish.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::future::BoxFuture;
use sealmark_catalogue::{
    Catalogue, CatalogueError, DeadLetter, FailOutcome, Job, JobStart, NewRendition, OutboxEvent, PublishOutcome,
};
use sealmark_event_bus::{Delivery, HandlerError};
use sealmark_protocol::{DeadLetterId, Envelope, EventId, FailureCode, MediaFailed, MediaUploaded, MediaWatermarked};
use sealmark_storage::{KeyError, ObjectKey, StorageError, Store};
use tokio::sync::Semaphore;
use tower::Service;
use uuid::Uuid;

use crate::mark::{Current, Mark, MarkError, Marked};

/// Who our events say they come from.
const SOURCE: &str = "sealmark/watermark-worker";

/// What every job shares; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Jobs {
    catalogue: Catalogue,
    store: Store,
    mark: Arc<Mark>,
    limits: JobLimits,
    // Held inside of the rendering thread: one that outlives its job's deadline still counts.
    threads: Arc<Semaphore>,
}

/// What a job may cost.
#[derive(Debug, Clone, Copy)]
pub struct JobLimits {
    /// Largest original that is fetched, in bytes.
    pub max_source_bytes: u64,
    /// Pictures that are rendered at once.
    pub concurrency: usize,
    /// Longest time for one job; another entry's job that is older is taken for dead.
    pub deadline: Duration,
}

/// Why a job did not end with a version.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("the catalogue failed")]
    Catalogue(#[from] CatalogueError),
    #[error("the store failed")]
    Storage(#[from] StorageError),
    #[error("the original is not the one that was completed")]
    SourceChanged(#[source] StorageError),
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
            // Something else lies under its key by now, and the original will not come back.
            Self::SourceChanged(_) => Some(FailureCode::SourceMissing),
            Self::Catalogue(_) | Self::Storage(_) | Self::Thread(_) => None,
        }
    }

    /// What the bus is told where a repeat may help.
    fn repeated(self) -> HandlerError {
        match self {
            // The record says that the original was whole; one that stays missing ends at the limit of deliveries.
            Self::Storage(StorageError::NotFound { .. }) | Self::Thread(_) => HandlerError::transient(self),
            // Anything else is the machine's trouble and not the picture's: it waits until that is over.
            error => HandlerError::unavailable(error),
        }
    }
}

/// What a job came to.
enum Ended {
    /// The picture has its version by this job.
    Published,
    /// The picture had the version already.
    Known,
    /// A newer job has the picture.
    Superseded,
}

impl Jobs {
    /// Jobs over these.
    pub fn new(catalogue: Catalogue, store: Store, mark: Mark, limits: JobLimits) -> Self {
        let threads = Arc::new(Semaphore::new(limits.concurrency));
        Self { catalogue, store, mark: Arc::new(mark), limits, threads }
    }

    async fn handle(self, delivery: Delivery) -> Result<(), HandlerError> {
        let begun = Instant::now();
        let event: MediaUploaded = match delivery.envelope.payload() {
            Ok(event) => event,
            Err(error) => return Err(permanent(FailureCode::UndecodableEvent, &error)),
        };
        let mark = self.mark.now();
        let render_key = mark.render_key(&delivery.envelope.tenant, &event.source_etag);
        let known = self.catalogue.rendition_for(event.media_id, &render_key).await;
        if known.map_err(HandlerError::unavailable)?.is_some() {
            return Ok(());
        }
        let now = now_ms();
        let alive_since = now - self.limits.deadline.as_millis() as i64;
        let start = self.catalogue.begin_job(event.media_id, &delivery.entry_id.to_string(), alive_since, now).await;
        let job = match start.map_err(HandlerError::unavailable)? {
            JobStart::Taken(job) => job,
            JobStart::Busy => return Err(HandlerError::Superseded),
            JobStart::Nothing => return Ok(()),
        };
        let ended = match self.run(&job, mark, &delivery.envelope, begun).await {
            Ok(Ended::Published) => return Ok(()),
            Ok(Ended::Known) => Ok(()),
            Ok(Ended::Superseded) => return Err(HandlerError::Superseded),
            Err(error) => match error.permanent() {
                None => Err(error.repeated()),
                Some(code) => return self.fail(&job, &delivery, code, &error).await,
            },
        };
        // Where this fails too, the picture is free again after the deadline.
        let _ = self.catalogue.end_job(job.media_id, job.fencing_token).await;
        ended
    }

    async fn run(&self, job: &Job, mark: Current, envelope: &Envelope, begun: Instant) -> Result<Ended, JobError> {
        let render_key = mark.render_key(&job.tenant, &job.source_etag);
        let variables = mark.variables(job);
        let source: ObjectKey = job.source_key.parse()?;
        // Whoever still has a presigned form may write once more, but the render key names these bytes and no others.
        let original = self.store.get(&source, Some(&job.source_etag), self.limits.max_source_bytes).await;
        let original = original.map_err(|error| match error {
            StorageError::Conflict { .. } => JobError::SourceChanged(error),
            error => error.into(),
        })?;

        // The semaphore is never closed, so it always gives a permit.
        let permit = Arc::clone(&self.threads).acquire_owned().await.ok();
        let rendering = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            mark.render(&original, &variables)
        });
        let marked: Marked = rendering.await??;

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
            method: marked.method.to_string(),
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
                    bytes = version.size_bytes, duration_ms = version.job_ms, method = %marked.method, "published"
                );
                Ok(Ended::Published)
            }
            PublishOutcome::AlreadyPublished(_) => Ok(Ended::Known),
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
            .map_err(HandlerError::unavailable)?;
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
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let cause = cause.to_string();
        // Some say their cause themselves.
        if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// Now, in milliseconds since 1970 UTC.
fn now_ms() -> i64 {
    // A clock before 1970 is read as 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
