//! A live view of a stream, without a group: every reader sees every event.

use std::{collections::VecDeque, time::Duration};

use futures::{Stream, stream};
use redis::{Value, cmd};
use sealmark_protocol::{Envelope, Lane, Topic};

use crate::{
    Bus, BusError, EntryId,
    connection::{Link, Pace, retry},
    entry::Entry,
    error::chain,
};

const BLOCK: Duration = Duration::from_secs(5);
const BATCH: usize = 200;

/// Follows a topic's lane from now on: events published after this has returned, in order, without end.
///
/// It waits while Redis is away and goes on where it was. Events that Redis lost, or trimmed before they were read,
/// are not seen: use it to wake up and look into the database, not as the truth. Each tail has a connection of its
/// own, so a service opens one for each topic and spreads the events itself. An entry that is no event is passed over.
///
/// # Errors
/// [`BusError::Refused`] or [`BusError::Answer`] when the stream cannot be read at all; an outage is waited out.
pub async fn tail(
    bus: &Bus,
    topic: Topic,
    lane: Lane,
) -> Result<impl Stream<Item = Envelope> + Send + use<>, BusError> {
    let key = topic.stream_key(lane);
    let last = retry(None, || newest(bus, &key)).await?;
    let tail = Tail { link: bus.blocking(BLOCK), key, last, ready: VecDeque::new() };
    Ok(stream::unfold(tail, |mut tail| async move { Some((tail.next().await, tail)) }))
}

/// The newest entry that is there, which is where "from now on" begins; `$` would mean another place after each outage.
async fn newest(bus: &Bus, key: &str) -> Result<EntryId, BusError> {
    let operation = "finding the newest entry";
    let mut command = cmd("XREVRANGE");
    command.arg(key).arg("+").arg("-").arg("COUNT").arg(1);
    let newest = Entry::list(operation, &bus.commands.query(operation, &command).await?)?;
    Ok(newest.first().map_or(EntryId::ZERO, |entry| entry.id))
}

struct Tail {
    link: Link,
    key: String,
    last: EntryId,
    ready: VecDeque<Entry>,
}

impl Tail {
    async fn next(&mut self) -> Envelope {
        let mut pace = Pace::new();
        loop {
            while let Some(entry) = self.ready.pop_front() {
                self.last = entry.id;
                match Envelope::from_json(entry.event().unwrap_or_default()) {
                    Ok(envelope) => return envelope,
                    Err(error) => tracing::warn!(entry.id = %entry.id, error = chain(&error), "not an event"),
                }
            }
            match self.read().await {
                Ok(entries) => {
                    pace.reset();
                    self.ready = entries.into();
                }
                Err(error) => pace.after(&error).await,
            }
        }
    }

    async fn read(&self) -> Result<Vec<Entry>, BusError> {
        let operation = "following a stream";
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(BATCH).arg("BLOCK").arg(BLOCK.as_millis() as u64);
        command.arg("STREAMS").arg(&self.key).arg(self.last.to_string());
        let answer: Value = self.link.query(operation, &command).await?;
        Entry::of_one_stream(operation, &answer)
    }
}
