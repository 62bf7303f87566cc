//! Dead letters: entries that no further attempt can help, kept with the reason.

use sealmark_protocol::{Envelope, Failure, Lane, Topic};

use crate::{BusError, EntryId, group::Group};

/// Redis key of the stream that holds the dead letters of a topic, of all its lanes.
pub fn dead_letter_key(topic: Topic) -> String {
    format!("sealmark:{{{topic}}}:dead")
}

/// An entry that nobody will try again by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Topic of the entry.
    pub topic: Topic,
    /// Lane of the entry.
    pub lane: Lane,
    /// The entry in its stream; with topic and lane, the letter's identity.
    pub entry_id: EntryId,
    /// The event, where it could be read.
    pub event: Option<Envelope>,
    /// The event's bytes as they were in the stream; `name=value` lines of the entry where it had no event field.
    pub payload: Vec<u8>,
    /// Why it ended here.
    pub failure: Failure,
    /// How often it was delivered, this last time included.
    pub attempts: u32,
    /// When it was published, by Redis's clock, in milliseconds since 1970 UTC.
    pub published_at_ms: i64,
    /// When the last attempt ended, by this machine's clock, in milliseconds since 1970 UTC.
    pub failed_at_ms: i64,
}

/// Where a service records a dead letter before Redis lets go of the entry.
pub trait DeadLetterSink: Send + Sync + 'static {
    /// Why a letter could not be recorded.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Records a letter. It must be idempotent by topic, lane and entry id: a crash between this and Redis's answer
    /// brings the same letter again.
    ///
    /// # Errors
    /// After any error the entry comes again in a while.
    fn record(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Moves a letter's entry to [`dead_letter_key`]; a repeat adds no second letter.
pub(crate) async fn bury(group: &Group, letter: &DeadLetter) -> Result<bool, BusError> {
    let text = |value: &dyn ToString| value.to_string().into_bytes();
    let fields = [
        ("event", letter.payload.clone()),
        ("entry_id", text(&letter.entry_id)),
        ("lane", text(&letter.lane.as_str())),
        ("group", text(&group.name)),
        ("code", text(&letter.failure.code)),
        ("message", text(&letter.failure.message)),
        ("attempts", text(&letter.attempts)),
        ("published_at_ms", text(&letter.published_at_ms)),
        ("failed_at_ms", text(&letter.failed_at_ms)),
    ];
    group.bury(letter.entry_id, &fields).await
}
