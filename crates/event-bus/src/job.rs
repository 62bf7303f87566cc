//! One job, from delivery to acknowledgement.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::FutureExt;
use sealmark_protocol::{Envelope, EventError, Failure, FailureCode, Lane, Topic};
use tower::{BoxError, Service, ServiceExt};

use crate::{
    DeadLetter, DeadLetterSink, EntryId, RetryPolicy, consumer::Tally, dead_letter, entry::Entry, error::chain,
    group::Group,
};

/// What a handler gets: one event, for the first time or again.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Topic that it came on.
    pub topic: Topic,
    /// Lane that it came on.
    pub lane: Lane,
    /// The entry in its stream; a redelivery has the same.
    pub entry_id: EntryId,
    /// The event.
    pub envelope: Envelope,
    /// How often it has been delivered, this time included: 1 for the first.
    pub delivery_count: u32,
    /// When it was published, by Redis's clock, in milliseconds since 1970 UTC.
    pub published_at_ms: i64,
}

/// Why a handler is not done; `Ok` means done, and the entry is acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It may work later: the entry comes again after a while, longer each time, at most the limit of deliveries. For
    /// trouble that may be the entry's own.
    #[error("the job may work later")]
    Transient {
        /// What went wrong.
        source: BoxError,
    },
    /// Something that every job needs is away, a database or a store: the entry comes again soon, and this delivery does
    /// not count towards the limit. An outage must not turn good entries into dead letters.
    #[error("something that the job needs is away")]
    Unavailable {
        /// What went wrong.
        source: BoxError,
    },
    /// Something that the job needs asks to be left alone for a while (429, or 503 with `Retry-After`): the entry comes
    /// again no sooner than that, and this delivery does not count towards the limit.
    #[error("what the job needs asks to wait for {after:?}")]
    Throttled {
        /// How long at least; what is longer than [`RetryPolicy::longest`](crate::RetryPolicy::longest) is cut.
        after: Duration,
        /// What it said.
        source: BoxError,
    },
    /// Another worker holds a newer fencing token: the other will acknowledge the entry. Should it not, the entry comes
    /// again; this delivery does not count towards the limit.
    #[error("another worker has taken the job over")]
    Superseded,
    /// No repeat can help: the entry becomes a dead letter.
    #[error("the job cannot work: {code}: {message}")]
    Permanent {
        /// Stable code.
        code: FailureCode,
        /// One English sentence for people who read logs.
        message: String,
    },
}

impl HandlerError {
    /// Wraps an error that may go away by itself.
    pub fn transient(source: impl Into<BoxError>) -> Self {
        Self::Transient { source: source.into() }
    }

    /// Wraps an error of something that every job needs.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}

/// Why an attempt did not come to an end.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error(transparent)]
    Handler(#[from] HandlerError),
    #[error("the handler panicked: {message}")]
    Panic { message: String },
    #[error("the handler was not done within {limit:?}")]
    Deadline { limit: Duration },
}

/// Why an entry has no event.
#[derive(Debug, thiserror::Error)]
enum UndecodableError {
    #[error("the entry has no field named event")]
    NoEvent,
    #[error(transparent)]
    Event(#[from] EventError),
}

/// What every job of a consumer shares.
pub(crate) struct Desk<D> {
    pub(crate) group: Group,
    pub(crate) sink: D,
    pub(crate) tally: Tally,
    pub(crate) job_deadline: Duration,
    pub(crate) max_deliveries: u32,
    pub(crate) retry: RetryPolicy,
    pub(crate) claim_idle: Duration,
}

impl<D: DeadLetterSink> Desk<D> {
    /// Works on one entry until it is acknowledged, a dead letter, or left pending.
    pub(crate) async fn work<S>(self: Arc<Self>, handler: S, entry: Entry, delivery_count: u32)
    where
        S: Service<Delivery, Response = (), Error = HandlerError>,
    {
        let envelope = match decode(&entry) {
            Ok(envelope) => envelope,
            Err(error) => {
                let failure = failure(FailureCode::UndecodableEvent, chain(&error));
                return self.bury(&entry, None, delivery_count, failure).await;
            }
        };
        if delivery_count > self.max_deliveries {
            // Failures that a handler reports end below, at the limit: what gets here crashed, or its dead letter could
            // not be recorded then.
            let message = "no attempt came to an end within the limit of deliveries".to_owned();
            let failure = failure(FailureCode::AttemptsExhausted, message);
            return self.bury(&entry, Some(envelope), delivery_count, failure).await;
        }
        let delivery = Delivery {
            topic: self.group.topic,
            lane: self.group.lane,
            entry_id: entry.id,
            envelope: envelope.clone(),
            delivery_count,
            published_at_ms: entry.id.added_at_ms(),
        };
        match self.attempt(handler, delivery).await {
            Ok(()) => self.acknowledge(&entry).await,
            Err(AttemptError::Handler(HandlerError::Superseded)) => {
                Tally::add(&self.tally.superseded);
                tracing::info!(entry.id = %entry.id, delivery_count, "another worker has taken the job over");
                self.delay(&entry, self.claim_idle, 1).await;
            }
            Err(AttemptError::Handler(error @ (HandlerError::Unavailable { .. } | HandlerError::Throttled { .. }))) => {
                Tally::add(&self.tally.failed);
                let wait = match error {
                    HandlerError::Throttled { after, .. } => self.retry.wait_as_asked(after, fastrand::f64()),
                    _ => self.retry.wait_away(fastrand::f64()),
                };
                tracing::warn!(
                    entry.id = %entry.id, event.id = %envelope.id, error = chain(&error), wait_ms = wait.as_millis() as u64,
                    "the entry waits for what it needs, and comes again",
                );
                self.delay(&entry, wait, 1).await;
            }
            Err(AttemptError::Handler(HandlerError::Permanent { code, message })) => {
                self.bury(&entry, Some(envelope), delivery_count, failure(code, message)).await;
            }
            Err(error) if delivery_count >= self.max_deliveries => {
                let failure = failure(FailureCode::AttemptsExhausted, chain(&error));
                self.bury(&entry, Some(envelope), delivery_count, failure).await;
            }
            Err(error) => {
                Tally::add(&self.tally.failed);
                let wait = self.retry.wait(delivery_count, fastrand::f64());
                tracing::warn!(
                    entry.id = %entry.id, event.id = %envelope.id, delivery_count, error = chain(&error),
                    wait_ms = wait.as_millis() as u64, "an attempt failed; the entry comes again",
                );
                self.delay(&entry, wait, 0).await;
            }
        }
    }

    async fn attempt<S>(&self, handler: S, delivery: Delivery) -> Result<(), AttemptError>
    where
        S: Service<Delivery, Response = (), Error = HandlerError>,
    {
        // Nothing of the handler is used after a panic: it owns its clone of the service.
        let caught = AssertUnwindSafe(async { handler.oneshot(delivery).await }).catch_unwind();
        match tokio::time::timeout(self.job_deadline, caught).await {
            Ok(Ok(answer)) => Ok(answer?),
            Ok(Err(panic)) => Err(AttemptError::Panic { message: panic_message(panic.as_ref()) }),
            Err(_) => Err(AttemptError::Deadline { limit: self.job_deadline }),
        }
    }

    async fn acknowledge(&self, entry: &Entry) {
        match self.group.acknowledge(entry.id).await {
            Ok(()) => Tally::add(&self.tally.done),
            Err(error) => {
                Tally::add(&self.tally.failed);
                tracing::error!(entry.id = %entry.id, error = chain(&error), "a job is done but not acknowledged");
            }
        }
    }

    /// Has an entry wait, with so many deliveries taken back.
    async fn delay(&self, entry: &Entry, wait: Duration, uncounted: u32) {
        // If this fails the entry stays pending, and is claimed when it has been idle for long enough.
        if let Err(error) = self.group.delay(entry.id, wait, uncounted).await {
            tracing::warn!(entry.id = %entry.id, error = chain(&error), "an entry cannot be put off; it comes again all the same");
        }
    }

    async fn bury(&self, entry: &Entry, event: Option<Envelope>, attempts: u32, failure: Failure) {
        let letter = DeadLetter {
            topic: self.group.topic,
            lane: self.group.lane,
            entry_id: entry.id,
            event,
            payload: entry.payload(),
            failure,
            attempts,
            published_at_ms: entry.id.added_at_ms(),
            failed_at_ms: now_ms(),
        };
        // First the record, then the stream: between the two a crash repeats both, the other way round it would lose
        // the record.
        if let Err(error) = self.sink.record(&letter).await {
            Tally::add(&self.tally.failed);
            tracing::error!(
                entry.id = %entry.id, error = chain(&error), "a dead letter could not be recorded; the entry comes again",
            );
            self.delay(entry, self.retry.wait_away(fastrand::f64()), 0).await;
            return;
        }
        match dead_letter::bury(&self.group, &letter).await {
            Ok(true) => {
                Tally::add(&self.tally.dead_lettered);
                tracing::warn!(
                    entry.id = %entry.id, attempts, code = %letter.failure.code, message = letter.failure.message,
                    "an entry became a dead letter",
                );
            }
            Ok(false) => tracing::info!(entry.id = %entry.id, "an entry had left its stream when its dead letter came"),
            Err(error) => {
                Tally::add(&self.tally.failed);
                tracing::error!(entry.id = %entry.id, error = chain(&error), "a dead letter could not be moved");
            }
        }
    }
}

fn decode(entry: &Entry) -> Result<Envelope, UndecodableError> {
    Ok(Envelope::from_json(entry.event().ok_or(UndecodableError::NoEvent)?)?)
}

fn failure(code: FailureCode, message: String) -> Failure {
    Failure { code, message: message.chars().take(1_000).collect() }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").chars().take(500).collect()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
