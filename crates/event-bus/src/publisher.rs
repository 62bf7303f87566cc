//! Publishing: each event is added once, however often it is sent.

use std::{sync::LazyLock, time::Duration};

use redis::{Script, Value};
use sealmark_protocol::{Envelope, Lane, Topic};

use crate::{Bus, BusError, EntryId, connection::retry, entry::array};

static PUBLISH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/publish.lua")));

/// Most events that one call to Redis carries; a longer one would hold up everybody else.
const BATCH: usize = 200;

/// How a publisher works.
#[derive(Debug, Clone, Copy)]
pub struct PublisherConfig {
    /// How long an event's id is remembered; a repeat after that is added again.
    pub dedup_window: Duration,
    /// About how many entries a stream of news keeps. News (all topics but `media.uploaded`) is what no consumer group
    /// works off: without this it would grow until Redis is full. A stream that has a group is never trimmed.
    pub news_kept: usize,
    /// No further attempt is begun after this; the caller decides what then.
    pub give_up_after: Duration,
}

impl Default for PublisherConfig {
    /// One hour, 10,000 entries, 2 s.
    fn default() -> Self {
        Self { dedup_window: Duration::from_secs(3_600), news_kept: 10_000, give_up_after: Duration::from_secs(2) }
    }
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is in its stream now.
    Accepted {
        /// Its entry.
        entry_id: EntryId,
    },
    /// An event of this id is there already, or was.
    Duplicate {
        /// The entry of the first.
        entry_id: EntryId,
    },
}

/// Adds events to their streams; cloning shares the connection.
#[derive(Debug, Clone)]
pub struct Publisher {
    bus: Bus,
    config: PublisherConfig,
}

impl Publisher {
    /// A publisher on this bus.
    pub const fn new(bus: Bus, config: PublisherConfig) -> Self {
        Self { bus, config }
    }

    /// Adds events, in order within each topic; the answers are in the order of the events.
    ///
    /// An attempt whose answer was lost is repeated; the event's id keeps it from being added twice. The answer may
    /// then be [`Published::Duplicate`] for an event that this very call added.
    ///
    /// # Errors
    /// A transient [`BusError`] when Redis did not answer within `give_up_after`: any part of the events may have been
    /// added, so repeat the call with the same ids. [`BusError::Refused`] or [`BusError::Answer`] when a repeat does
    /// not help.
    pub async fn publish(&self, events: &[(Topic, Lane, Envelope)]) -> Result<Vec<Published>, BusError> {
        let mut answers = vec![None; events.len()];
        for topic in Topic::ALL {
            // One topic a call: only its keys are sure to be on one node of a cluster.
            let of_topic: Vec<usize> = (0..events.len()).filter(|&i| events[i].0 == topic).collect();
            for batch in of_topic.chunks(BATCH) {
                let sent: Vec<_> = batch.iter().map(|&i| (events[i].1, &events[i].2)).collect();
                let published = retry(Some(self.config.give_up_after), || self.send(topic, &sent)).await?;
                for (&i, answer) in batch.iter().zip(published) {
                    answers[i] = Some(answer);
                }
            }
        }
        // Every event is of one of the topics, and `send` answers for each.
        Ok(answers.into_iter().flatten().collect())
    }

    async fn send(&self, topic: Topic, events: &[(Lane, &Envelope)]) -> Result<Vec<Published>, BusError> {
        let kept = if topic == Topic::MediaUploaded { 0 } else { self.config.news_kept };
        let mut script = PUBLISH.arg(self.config.dedup_window.as_millis().max(1) as u64);
        script.arg(kept);
        for (lane, envelope) in events {
            script.key(topic.stream_key(*lane)).key(format!("sealmark:{{{topic}}}:seen:{}", envelope.id));
            script.arg(envelope.to_json());
        }
        let operation = "publishing events";
        let answer: Value = self.bus.commands.invoke(operation, &script).await?;
        let one = |value: &Value| match array(value) {
            Some([Value::Int(1), id]) => Ok(Published::Accepted { entry_id: EntryId::from_value(operation, id)? }),
            Some([Value::Int(0), id]) => Ok(Published::Duplicate { entry_id: EntryId::from_value(operation, id)? }),
            _ => Err(BusError::Answer { operation }),
        };
        match array(&answer) {
            Some(answers) if answers.len() == events.len() => answers.iter().map(one).collect(),
            _ => Err(BusError::Answer { operation }),
        }
    }
}
