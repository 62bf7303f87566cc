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
static UNCOUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/uncount.lua")));
static LEAVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/leave.lua")));

/// An entry that was handed out and not acknowledged.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) id: EntryId,
    pub(crate) idle_ms: u64,
    pub(crate) delivery_count: u32,
}

impl Pending {
    /// Reads the extended answer of XPENDING: id, consumer, idle time, delivery count.
    pub(crate) fn list(operation: &'static str, value: &Value) -> Result<Vec<Self>, BusError> {
        let one = |value: &Value| match array(value) {
            Some([id, _, Value::Int(idle_ms), Value::Int(count)]) => Ok(Self {
                id: EntryId::from_value(operation, id)?,
                idle_ms: u64::try_from(*idle_ms).unwrap_or_default(),
                delivery_count: u32::try_from(*count).unwrap_or(u32::MAX),
            }),
            _ => Err(BusError::Answer { operation }),
        };
        array(value).ok_or(BusError::Answer { operation })?.iter().map(one).collect()
    }
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

    /// Up to `count` entries, of any consumer, that have been idle for `idle` or longer.
    pub(crate) async fn idle_entries(&self, idle: Duration, count: usize) -> Result<Vec<Pending>, BusError> {
        let mut command = cmd("XPENDING");
        command.arg(&self.key).arg(&self.name).arg("IDLE").arg(idle.as_millis() as u64).arg("-").arg("+").arg(count);
        let operation = "listing idle entries";
        Pending::list(operation, &self.commands.query(operation, &command).await?)
    }

    /// Takes over those of the entries that are still idle: of several racing consumers one gets each.
    pub(crate) async fn take_over(&self, ids: &[EntryId], idle: Duration) -> Result<Vec<Entry>, BusError> {
        let mut command = cmd("XCLAIM");
        command.arg(&self.key).arg(&self.name).arg(&self.consumer).arg(idle.as_millis() as u64);
        for id in ids {
            command.arg(id.to_string());
        }
        let operation = "claiming idle entries";
        Entry::list(operation, &self.commands.query(operation, &command).await?)
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

    /// Sets the delivery count of an entry back to `count`, where this consumer still holds it.
    pub(crate) async fn uncount(&self, id: EntryId, count: u32) -> Result<bool, BusError> {
        let mut script = UNCOUNT.key(&self.key);
        script.arg(&self.name).arg(&self.consumer).arg(id.to_string()).arg(count);
        gone_with_its_group(self.commands.invoke("setting a delivery count", &script).await)
    }

    /// Takes this consumer out of the group, unless it leaves entries pending.
    pub(crate) async fn leave(&self) -> Result<bool, BusError> {
        let mut script = LEAVE.key(&self.key);
        script.arg(&self.name).arg(&self.consumer);
        gone_with_its_group(self.commands.invoke("leaving the consumer group", &script).await)
    }
}

/// Where Redis lost the group, it lost the pending entry with it: there is nothing left to do, and nothing to repeat.
fn gone_with_its_group(answer: Result<bool, BusError>) -> Result<bool, BusError> {
    match answer {
        Err(BusError::NoGroup { .. }) => Ok(false),
        answer => answer,
    }
}
