//! How much waits in a stream.

use std::sync::LazyLock;

use redis::{Script, Value, cmd};
use sealmark_protocol::{Lane, Topic};

use crate::{
    Bus, BusError, dead_letter_key,
    group::{WAITING, waiting_key},
};

static OLDEST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/oldest.lua")));

/// Most pending entries that are looked at of each consumer; few have more.
const LOOKED_AT: usize = 1_000;

/// What waits in one stream, for one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamStats {
    /// Entries in the stream: waiting or pending, for a finished entry is deleted.
    pub length: u64,
    /// Entries handed to a consumer and not finished, those that wait for another attempt included.
    pub pending: u64,
    /// Of those, entries that failed and wait for their time to come again.
    pub delayed: u64,
    /// How long the entry that has been idle longest in a consumer's hands has shown no sign of life, in milliseconds.
    pub oldest_idle_ms: Option<u64>,
    /// Dead letters of the topic, of all its lanes.
    pub dead_letters: u64,
}

impl StreamStats {
    /// Entries that no consumer has had yet.
    pub const fn waiting(&self) -> u64 {
        self.length.saturating_sub(self.pending)
    }
}

impl Bus {
    /// Counts what waits in a stream; a stream or group that does not exist has nothing.
    ///
    /// # Errors
    /// A transient [`BusError`] during an outage; [`BusError::Refused`] where a key is no stream.
    pub async fn stats(&self, topic: Topic, lane: Lane, group: &str) -> Result<StreamStats, BusError> {
        let key = topic.stream_key(lane);
        let length = self.commands.query("counting a stream", cmd("XLEN").arg(&key)).await?;
        let dead_letters =
            self.commands.query("counting dead letters", cmd("XLEN").arg(dead_letter_key(topic))).await?;
        let (pending, oldest_idle_ms) = match self.pending(&key, group).await {
            Err(BusError::NoGroup { .. }) => (0, None),
            pending => pending?,
        };
        let delayed =
            self.commands.query("counting waiting entries", cmd("ZCARD").arg(waiting_key(topic, lane, group))).await?;
        Ok(StreamStats { length, pending, delayed, oldest_idle_ms, dead_letters })
    }

    async fn pending(&self, key: &str, group: &str) -> Result<(u64, Option<u64>), BusError> {
        let operation = "counting pending entries";
        let summary: Value = self.commands.query(operation, cmd("XPENDING").arg(key).arg(group)).await?;
        let count = match crate::entry::array(&summary) {
            Some([Value::Int(count), ..]) => u64::try_from(*count).unwrap_or_default(),
            _ => return Err(BusError::Answer { operation }),
        };
        let mut script = OLDEST.key(key);
        script.arg(group).arg(WAITING).arg(LOOKED_AT);
        let oldest: i64 = self.commands.invoke("looking for the oldest pending entry", &script).await?;
        Ok((count, u64::try_from(oldest).ok()))
    }
}
