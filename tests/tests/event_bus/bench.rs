//! What the tests share: a Redis, consumers with short times, and the check that nothing is left behind.

use std::{
    collections::BTreeMap,
    io,
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use redis::aio::MultiplexedConnection;
use sealmark_event_bus::{
    Bus, BusConfig, CancellationToken, Consumer, ConsumerConfig, DeadLetter, DeadLetterSink, Delivery, HandlerError,
    Published, Publisher, PublisherConfig, Report, RetryPolicy, StreamStats, dead_letter_key,
};
use sealmark_protocol::{Envelope, EventId, Lane, MediaId, MediaUploaded, TenantId, Topic, UploadId, UserId};
use sealmark_tests::{
    process::{PATIENCE, wait_for},
    redis_server::RedisServer,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const TOPIC: Topic = Topic::MediaUploaded;
pub(crate) const LANE: Lane = Lane::Medium;
pub(crate) const GROUP: &str = "watermark";

/// A Redis of its own, and the bus under test on it.
pub(crate) struct Bench {
    pub(crate) redis: RedisServer,
    pub(crate) bus: Bus,
    pub(crate) publisher: Publisher,
    pub(crate) letters: Letters,
}

impl Bench {
    pub(crate) async fn start() -> Result<Self> {
        Self::on(RedisServer::start().await?)
    }

    /// On a Redis that has written what it acknowledges. Within `everysec` one that is killed on a busy disk forgets up
    /// to two seconds of it: Redis puts a write off while an earlier one is being synced.
    pub(crate) async fn durable() -> Result<Self> {
        Self::on(RedisServer::start_with(&["--appendfsync", "always"]).await?)
    }

    pub(crate) fn on(redis: RedisServer) -> Result<Self> {
        let config = BusConfig {
            connect_timeout: Duration::from_millis(500),
            response_timeout: Duration::from_millis(500),
            ..BusConfig::new(redis.url())
        };
        let bus = Bus::new(config)?;
        let give_up_after = Duration::from_millis(300);
        let publisher = Publisher::new(bus.clone(), PublisherConfig { give_up_after, ..PublisherConfig::default() });
        Ok(Self { redis, bus, publisher, letters: Letters::default() })
    }

    /// Publishes events and repeats the call until Redis has answered, as the outbox relay does.
    pub(crate) async fn publish(&self, events: &[Envelope]) -> Result<Vec<Published>> {
        let events: Vec<_> = events.iter().map(|event| (TOPIC, LANE, event.clone())).collect();
        let answer = wait_for("Redis to take the events", async || match self.publisher.publish(&events).await {
            Err(error) if error.is_transient() => None,
            answer => Some(answer),
        });
        Ok(answer.await??)
    }

    /// Adds an entry behind the publisher's back.
    pub(crate) async fn add_raw(&self, fields: &[(&[u8], &[u8])]) -> Result<String> {
        let mut command = redis::cmd("XADD");
        command.arg(TOPIC.stream_key(LANE)).arg("*");
        for (name, value) in fields {
            command.arg(*name).arg(*value);
        }
        Ok(command.query_async(&mut self.raw().await?).await?)
    }

    pub(crate) async fn raw(&self) -> Result<MultiplexedConnection> {
        self.redis.connection().await
    }

    pub(crate) fn consumer<F, R>(&self, config: ConsumerConfig, handle: F) -> Running
    where
        F: FnMut(Delivery) -> R + Clone + Send + 'static,
        R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let consumer = Consumer::new(&self.bus, config, tower::service_fn(handle), self.letters.clone());
        let stop = CancellationToken::new();
        Running { task: tokio::spawn(consumer.run(stop.clone())), stop }
    }

    pub(crate) async fn stats(&self) -> Result<StreamStats> {
        Ok(self.bus.stats(TOPIC, LANE, GROUP).await?)
    }

    pub(crate) async fn until_empty(&self) -> Result<()> {
        wait_for("an empty stream", async || self.stats().await.ok().filter(|stats| stats.length == 0)).await?;
        Ok(())
    }

    /// Stops the consumer and checks that all is done: nothing waits, nothing is pending, nobody is left in the group,
    /// and the dead letters of Redis are those that the service recorded.
    pub(crate) async fn finish(self, consumers: impl IntoIterator<Item = Running>) -> Result<Vec<Report>> {
        self.until_empty().await?;
        let mut reports = Vec::new();
        for consumer in consumers {
            reports.push(consumer.stop().await?);
        }
        let stats = self.stats().await?;
        let log = self.redis.log_tail();
        ensure!(stats.pending == 0 && stats.oldest_idle_ms.is_none(), "left pending: {stats:?}\n{log}");
        ensure!(stats.length == 0, "left in the stream: {stats:?}\n{log}");
        let consumers: Vec<redis::Value> = redis::cmd("XINFO")
            .arg("CONSUMERS")
            .arg(TOPIC.stream_key(LANE))
            .arg(GROUP)
            .query_async(&mut self.raw().await?)
            .await?;
        let may_stay =
            |consumer: &redis::Value| ["ghost", "~waiting"].iter().any(|name| format!("{consumer:?}").contains(name));
        ensure!(consumers.iter().all(may_stay), "left in the group: {consumers:?}");
        let recorded = self.letters.ids();
        let mut buried = self.buried_ids().await?;
        buried.sort_unstable();
        ensure!(buried == recorded, "dead letters in Redis: {buried:?}, recorded: {recorded:?}");
        Ok(reports)
    }

    /// Entry ids of the dead letters in Redis, one for each letter.
    pub(crate) async fn buried_ids(&self) -> Result<Vec<String>> {
        let letters = self.buried().await?;
        Ok(letters.into_iter().filter_map(|mut letter| letter.remove("entry_id")).collect())
    }

    /// Fields of the dead letters in Redis.
    pub(crate) async fn buried(&self) -> Result<Vec<BTreeMap<String, String>>> {
        let reply: redis::streams::StreamRangeReply = redis::cmd("XRANGE")
            .arg(dead_letter_key(TOPIC))
            .arg("-")
            .arg("+")
            .query_async(&mut self.raw().await?)
            .await?;
        let text = |value: &redis::Value| match value {
            redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => format!("{other:?}"),
        };
        Ok(reply.ids.iter().map(|entry| entry.map.iter().map(|(k, v)| (k.clone(), text(v))).collect()).collect())
    }
}

/// A consumer under way.
pub(crate) struct Running {
    pub(crate) task: JoinHandle<Report>,
    pub(crate) stop: CancellationToken,
}

impl Running {
    pub(crate) async fn stop(self) -> Result<Report> {
        self.stop.cancel();
        Ok(within("a consumer to stop", self.task).await??)
    }

    /// Ends it as a crash does: nothing is acknowledged, nothing is said to Redis.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Waits for a future, but not for ever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(PATIENCE, future).await.with_context(|| format!("gave up waiting for {what}"))
}

/// Short times, so that a claim happens while one watches.
pub(crate) fn quick(concurrency: usize) -> ConsumerConfig {
    ConsumerConfig {
        concurrency: NonZeroUsize::new(concurrency).unwrap(),
        claim_idle: Duration::from_millis(300),
        block: Duration::from_millis(100),
        max_deliveries: NonZeroU32::new(3).unwrap(),
        retry: RetryPolicy {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(200),
            away: Duration::from_millis(50),
        },
        ..ConsumerConfig::new(TOPIC, LANE, GROUP)
    }
}

pub(crate) fn event() -> Envelope {
    let media_id = MediaId::from_uuid(Uuid::now_v7());
    let payload = MediaUploaded {
        media_id,
        upload_id: UploadId::from_uuid(Uuid::now_v7()),
        user_id: UserId::new("mara").unwrap(),
        source_key: format!("raw/acme/mara/{media_id}"),
        source_etag: "\"1\"".to_owned(),
        size_bytes: 1,
        file_name: "a.jpg".to_owned(),
    };
    let id = EventId::from_uuid(Uuid::now_v7());
    Envelope::new(id, "sealmark/test", 1_763_718_000_000, TenantId::new("acme").unwrap(), media_id, &payload)
}

pub(crate) fn events(count: usize) -> Vec<Envelope> {
    (0..count).map(|_| event()).collect()
}

/// What handlers saw: for each event, the delivery counts in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<BTreeMap<EventId, Vec<u32>>>>);

impl Seen {
    /// Notes a delivery; how many of this event there were, this one included.
    pub(crate) fn note(&self, delivery: &Delivery) -> usize {
        let mut seen = self.0.lock().unwrap();
        let counts = seen.entry(delivery.envelope.id).or_default();
        counts.push(delivery.delivery_count);
        counts.len()
    }

    pub(crate) fn of(&self, event: &Envelope) -> Vec<u32> {
        self.0.lock().unwrap().get(&event.id).cloned().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }

    pub(crate) async fn until(&self, total: usize) -> Result<()> {
        wait_for(&format!("{total} deliveries"), async || (self.total() >= total).then_some(())).await
    }

    /// Checks that each of the events was handled this many times, and nothing else was.
    pub(crate) fn each(&self, events: &[Envelope], times: usize) -> Result<()> {
        for event in events {
            ensure!(self.of(event).len() == times, "event {} was handled {:?}", event.id, self.of(event));
        }
        ensure!(self.total() == events.len() * times, "{} deliveries", self.total());
        Ok(())
    }
}

/// A service's record of dead letters; it may fail a few times first.
#[derive(Clone, Default)]
pub(crate) struct Letters {
    recorded: Arc<Mutex<BTreeMap<String, DeadLetter>>>,
    failures_to_come: Arc<AtomicUsize>,
}

impl Letters {
    pub(crate) fn fail(&self, times: usize) {
        self.failures_to_come.store(times, Ordering::SeqCst);
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.recorded.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn all(&self) -> Vec<DeadLetter> {
        self.recorded.lock().unwrap().values().cloned().collect()
    }
}

impl DeadLetterSink for Letters {
    type Error = io::Error;

    async fn record(&self, letter: &DeadLetter) -> io::Result<()> {
        let less_one = |left: usize| left.checked_sub(1);
        if self.failures_to_come.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less_one).is_ok() {
            return Err(io::Error::other("the database is away"));
        }
        self.recorded.lock().unwrap().insert(letter.entry_id.to_string(), letter.clone());
        Ok(())
    }
}
