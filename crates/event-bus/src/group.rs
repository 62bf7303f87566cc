//! The commands of one consumer in its group.

use std::{sync::LazyLock, time::Duration};

use redis::{Script, Value, cmd};
use sealmark_protocol::{Lane, Topic};

use crate::{
    Bus, BusError, ConsumerConfig, EntryId,
    connection::{Link, retry},
    dead_letter::dead_letter_key,
    entry::{Entry, array},
};

static ACKNOWLEDGE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/acknowledge.lua")));
static DEAD_LETTER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/dead_letter.lua")));
static EXTEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/extend.lua")));
static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/claim.lua")));
static DELAY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/delay.lua")));
static DUE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/due.lua")));
static LEAVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/leave.lua")));

/// Under this name entries are pending that wait for their time. No consumer has it: those are named by host and process.
pub(crate) const WAITING: &str = "~waiting";

/// A delivery: an entry, and how often it has been delivered.
pub(crate) type Delivered = (Entry, u32);

/// When an entry is taken to have been left behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    /// Held by a consumer, without a sign of life for so long.
    pub(crate) held: Duration,
    /// Waiting for so long, longer than any entry is meant to; none where those are not to be looked at now.
    pub(crate) waiting: Option<Duration>,
    /// A consumer that holds nothing, and has not been heard of for so long.
    pub(crate) gone: Duration,
}

/// One consumer of a group on one stream.
pub(crate) struct Group {
    commands: std::sync::Arc<Link>,
    reader: Link,
    pub(crate) topic: Topic,
    pub(crate) lane: Lane,
    pub(crate) name: String,
    key: String,
    dead_key: String,
    waiting_key: String,
    consumer: String,
}

impl Group {
    pub(crate) fn new(bus: &Bus, config: &ConsumerConfig) -> Self {
        Self {
            commands: bus.commands.clone(),
            reader: bus.blocking(config.block),
            topic: config.topic,
            lane: config.lane,
            name: config.group.clone(),
            key: config.topic.stream_key(config.lane),
            dead_key: dead_letter_key(config.topic),
            waiting_key: waiting_key(config.topic, config.lane, &config.group),
            consumer: config.consumer.clone(),
        }
    }

    /// Makes the group, and the stream where it is missing; the group begins before the first entry that is there.
    pub(crate) async fn create(&self) -> Result<(), BusError> {
        let mut command = cmd("XGROUP");
        command.arg("CREATE").arg(&self.key).arg(&self.name).arg("0").arg("MKSTREAM");
        match self.commands.query::<()>("making the consumer group", &command).await {
            // Another consumer was first.
            Err(BusError::Refused { source, .. }) if source.code() == Some("BUSYGROUP") => Ok(()),
            Ok(()) => {
                tracing::info!(stream = self.key, group = self.name, "made the consumer group, which was missing");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Takes up to `count` entries that nobody has had yet, waiting up to `block` (at least 1 ms) for the first.
    pub(crate) async fn read(&self, count: usize, block: Duration) -> Result<Vec<Entry>, BusError> {
        // BLOCK 0 would mean for ever.
        let block_ms = block.as_millis().max(1) as u64;
        let mut command = cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.name).arg(&self.consumer).arg("COUNT").arg(count);
        command.arg("BLOCK").arg(block_ms).arg("STREAMS").arg(&self.key).arg(">");
        let operation = "reading new entries";
        Entry::of_one_stream(operation, &self.reader.query(operation, &command).await?)
    }

    /// Takes over up to `most` entries that were left behind, and sweeps out consumers that are gone: of several racing
    /// consumers one gets each entry. What this consumer works on itself, `held`, is left alone.
    pub(crate) async fn claim(&self, held: &[EntryId], idle: Idle, most: usize) -> Result<Vec<Delivered>, BusError> {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let mut script = CLAIM.key(&self.key);
        script.key(&self.waiting_key).arg(&self.name).arg(&self.consumer).arg(WAITING);
        script.arg(ms(idle.held)).arg(idle.waiting.map_or(-1, ms)).arg(ms(idle.gone)).arg(most);
        for id in held {
            script.arg(id.to_string());
        }
        let operation = "claiming entries that were left behind";
        delivered(operation, &self.commands.invoke(operation, &script).await?)
    }

    /// Takes up to `most` waiting entries whose time has come; also when the next one's comes.
    pub(crate) async fn due(&self, most: usize) -> Result<(Vec<Delivered>, Option<Duration>), BusError> {
        let mut script = DUE.key(&self.key);
        script.key(&self.waiting_key).arg(&self.name).arg(&self.consumer).arg(WAITING).arg(most);
        let operation = "taking entries whose time has come";
        let answer: Value = self.commands.invoke(operation, &script).await?;
        match array(&answer) {
            Some([taken, Value::Int(next_ms)]) => {
                Ok((delivered(operation, taken)?, u64::try_from(*next_ms).ok().map(Duration::from_millis)))
            }
            _ => Err(BusError::Answer { operation }),
        }
    }

    /// Has an entry wait, where this consumer still holds it; `uncounted` of its deliveries are taken back. Tries until
    /// Redis answers.
    pub(crate) async fn delay(&self, id: EntryId, wait: Duration, uncounted: u32) -> Result<bool, BusError> {
        let answer = retry(None, || async {
            let mut script = DELAY.key(&self.key);
            script.key(&self.waiting_key).arg(&self.name).arg(&self.consumer).arg(WAITING).arg(id.to_string());
            script.arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)).arg(uncounted);
            gone_with_its_group(self.commands.invoke("having an entry wait", &script).await)
        });
        answer.await
    }

    /// Extends the leases of these entries; answers those that another consumer has taken.
    pub(crate) async fn extend(&self, ids: &[EntryId]) -> Result<Vec<EntryId>, BusError> {
        let mut script = EXTEND.key(&self.key);
        script.arg(&self.name).arg(&self.consumer);
        for id in ids {
            script.arg(id.to_string());
        }
        let operation = "extending leases";
        let lost: Vec<Value> = self.commands.invoke(operation, &script).await?;
        lost.iter().map(|id| EntryId::from_value(operation, id)).collect()
    }

    /// Ends an entry whose work is done; tries until Redis answers.
    pub(crate) async fn acknowledge(&self, id: EntryId) -> Result<(), BusError> {
        retry(None, || async {
            let mut script = ACKNOWLEDGE.key(&self.key);
            script.arg(&self.name).arg(id.to_string());
            self.commands.invoke("acknowledging an entry", &script).await
        })
        .await
    }

    /// Moves an entry to the dead letters with these fields; tries until Redis answers. False where it was gone.
    pub(crate) async fn bury(&self, id: EntryId, fields: &[(&str, Vec<u8>)]) -> Result<bool, BusError> {
        let answer = retry(None, || async {
            let mut script = DEAD_LETTER.key(&self.key);
            script.key(&self.dead_key).arg(&self.name).arg(id.to_string());
            for (name, value) in fields {
                script.arg(name).arg(value);
            }
            gone_with_its_group(self.commands.invoke("moving an entry to the dead letters", &script).await)
        });
        answer.await
    }

    /// Takes this consumer out of the group, unless it leaves entries pending.
    pub(crate) async fn leave(&self) -> Result<bool, BusError> {
        let mut script = LEAVE.key(&self.key);
        script.arg(&self.name).arg(&self.consumer);
        gone_with_its_group(self.commands.invoke("leaving the consumer group", &script).await)
    }
}

/// Redis key of the times of a stream's waiting entries, in milliseconds since 1970 UTC by Redis's clock.
pub(crate) fn waiting_key(topic: Topic, lane: Lane, group: &str) -> String {
    format!("sealmark:{{{topic}}}:waiting:{}:{group}", lane.as_str())
}

/// Reads entries with their delivery counts.
fn delivered(operation: &'static str, value: &Value) -> Result<Vec<Delivered>, BusError> {
    let one = |value: &Value| match array(value) {
        Some([entry, Value::Int(count)]) => {
            Ok((Entry::one(operation, entry)?, u32::try_from(*count).unwrap_or(u32::MAX)))
        }
        _ => Err(BusError::Answer { operation }),
    };
    array(value).ok_or(BusError::Answer { operation })?.iter().map(one).collect()
}

/// Where Redis lost the group, it lost the pending entry with it: there is nothing left to do, and nothing to repeat.
fn gone_with_its_group(answer: Result<bool, BusError>) -> Result<bool, BusError> {
    match answer {
        Err(BusError::NoGroup { .. }) => Ok(false),
        answer => answer,
    }
}
