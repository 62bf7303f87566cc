//! A consumer of a group: reads while there is capacity, claims what others left, stops in an orderly way.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sealmark_protocol::{Lane, Topic};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::{
    Bus, BusError, DeadLetterSink, Delivery, HandlerError, RetryPolicy,
    connection::Pace,
    entry::Entry,
    error::chain,
    group::{Delivered, Group, Idle},
    job::Desk,
    leases::{Leases, keep_leases},
};

/// Most entries that one call claims or takes; keeps a single call short for Redis.
const BATCH: usize = 200;
/// Waiting entries are looked for this often at least: another consumer may have put one off.
const LOOK: Duration = Duration::from_millis(500);
/// Between two looks whether an entry's last job has ended.
const AGAIN: Duration = Duration::from_millis(100);
/// Longest that a stop takes to hand back what is not done.
const HAND_BACK: Duration = Duration::from_secs(2);
/// A consumer that holds nothing and has not called for so many times the idle time is taken out of the group.
const GONE: u32 = 30;

/// How a consumer works.
#[derive(Debug, Clone)]
pub struct ConsumerConfig {
    /// Topic to read.
    pub topic: Topic,
    /// Lane to read.
    pub lane: Lane,
    /// Consumer group; all consumers of one group share its entries.
    pub group: String,
    /// This consumer's name; unique in the group, for two of one name would take one another's leases for their own.
    pub consumer: String,
    /// Most jobs at a time; no more entries than this are ever taken from the stream.
    pub concurrency: NonZeroUsize,
    /// How long an entry may be idle before another consumer takes it over. A live job extends its lease three times
    /// within this; keep it well above the bus's response timeout.
    pub claim_idle: Duration,
    /// Longest that one attempt may take; a longer one counts as failed.
    pub job_deadline: Duration,
    /// Most deliveries of an entry before it becomes a dead letter.
    pub max_deliveries: NonZeroU32,
    /// When a failed entry comes again.
    pub retry: RetryPolicy,
    /// Longest that one read waits for an entry; a stop waits for it, too.
    pub block: Duration,
    /// Longest that a stop waits for running jobs.
    pub drain_deadline: Duration,
}

impl ConsumerConfig {
    /// Four jobs at a time, 10 s idle, 2 min a job, 5 deliveries, the default waits, 1 s a read, 30 s to drain; a consumer
    /// name of host, process id and a random number.
    pub fn new(topic: Topic, lane: Lane, group: impl Into<String>) -> Self {
        const FOUR: NonZeroUsize = NonZeroUsize::new(4).expect("not zero");
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
        Self {
            topic,
            lane,
            group: group.into(),
            consumer: unique_consumer_name(),
            concurrency: FOUR,
            claim_idle: Duration::from_secs(10),
            job_deadline: Duration::from_secs(120),
            max_deliveries: FIVE,
            retry: RetryPolicy::default(),
            block: Duration::from_secs(1),
            drain_deadline: Duration::from_secs(30),
        }
    }
}

fn unique_consumer_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "host" } else { host.trim() };
    // A fresh hasher's key is random: enough to tell consumers apart, without a crate for it.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{host}-{}-{random:016x}", std::process::id())
}

/// What a consumer did from start to stop; a job counts once for each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Done and acknowledged.
    pub done: u64,
    /// Failed; to come again.
    pub failed: u64,
    /// Taken over by another worker.
    pub superseded: u64,
    /// Moved to the dead letters.
    pub dead_lettered: u64,
    /// Still running at the drain deadline: given up here and handed back to the group, which has them again at once.
    pub abandoned: usize,
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) done: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) superseded: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
}

impl Tally {
    pub(crate) fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn report(&self, abandoned: usize) -> Report {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Report {
            done: of(&self.done),
            failed: of(&self.failed),
            superseded: of(&self.superseded),
            dead_lettered: of(&self.dead_lettered),
            abandoned,
        }
    }
}

/// When to look for entries other than new ones.
struct Next {
    /// That were left behind.
    claim: Instant,
    /// The same for those that wait, and whose time was lost.
    lost: Instant,
    /// Whose time has come.
    due: Instant,
    /// Whether new ones come first this time.
    are_new_first: bool,
}

/// A member of a consumer group that calls a handler for each entry.
///
/// The handler is a [`tower::Service`]: `Ok` acknowledges the entry, a [`HandlerError`] says what else becomes of it.
/// Each job runs in its own task on its own clone. A handler must be idempotent, and must yield: a job that blocks its
/// thread cannot be timed out.
pub struct Consumer<S, D> {
    config: ConsumerConfig,
    handler: S,
    desk: Arc<Desk<D>>,
    leases: Arc<Leases>,
}

impl<S, D> fmt::Debug for Consumer<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<S, D> Consumer<S, D>
where
    S: Service<Delivery, Response = (), Error = HandlerError> + Clone + Send + 'static,
    S::Future: Send,
    D: DeadLetterSink,
{
    /// Makes a consumer; nothing is read before [`Consumer::run`].
    pub fn new(bus: &Bus, config: ConsumerConfig, handler: S, sink: D) -> Self {
        let desk = Desk {
            group: Group::new(bus, &config),
            sink,
            tally: Tally::default(),
            job_deadline: config.job_deadline,
            max_deliveries: config.max_deliveries.get(),
            retry: config.retry,
            claim_idle: config.claim_idle,
        };
        Self { config, handler, desk: Arc::new(desk), leases: Arc::default() }
    }

    /// Reads and handles entries until `stop`, then waits for the running jobs up to the drain deadline.
    ///
    /// Outages of Redis, and a group that vanished with its data, are waited out and mended here. Dropping the future
    /// is a crash as the group sees it: running jobs end where they are and their entries stay pending.
    pub async fn run(mut self, stop: CancellationToken) -> Report {
        let (desk, leases, claim_idle) = (Arc::clone(&self.desk), Arc::clone(&self.leases), self.config.claim_idle);
        tokio::select! {
            never = keep_leases(&desk.group, &leases, claim_idle) => match never {},
            report = self.read_then_drain(&stop) => report,
        }
    }

    // `&mut self` below although nothing changes: a shared reference is `Send` only where the handler is `Sync`, which
    // the boxed services of tower are not.

    async fn read_then_drain(&mut self, stop: &CancellationToken) -> Report {
        let mut jobs = JoinSet::new();
        self.read(&mut jobs, stop).await;
        let abandoned = self.drain(&mut jobs).await;
        if let Err(error) = self.desk.group.leave().await {
            tracing::debug!(error = chain(&error), "the consumer's name stays in its group");
        }
        self.desk.tally.report(abandoned)
    }

    async fn read(&mut self, jobs: &mut JoinSet<()>, stop: &CancellationToken) {
        let mut next = Next { claim: Instant::now(), lost: Instant::now(), due: Instant::now(), are_new_first: false };
        let mut pace = Pace::new();
        while !stop.is_cancelled() {
            while let Some(ended) = jobs.try_join_next() {
                tell_panic(ended);
            }
            if jobs.len() >= self.config.concurrency.get() {
                tokio::select! {
                    () = stop.cancelled() => {}
                    Some(ended) = jobs.join_next() => tell_panic(ended),
                }
                continue;
            }
            // Not cut short by a stop: entries that a read has taken must become jobs, or they would lie idle.
            let mut outcome = self.round(jobs, &mut next).await;
            // Made again, but paced like any other failure: should it vanish again and again, this must not spin.
            if matches!(outcome, Err(BusError::NoGroup { .. }))
                && let Err(error) = self.desk.group.create().await
            {
                outcome = Err(error);
            }
            match outcome {
                Ok(()) => pace.reset(),
                Err(error) => {
                    // Entries have aged during the outage; give their live consumers time to extend the leases.
                    next.claim = Instant::now() + self.config.claim_idle;
                    tokio::select! { () = stop.cancelled() => {}, () = pace.after(&error) => {} }
                }
            }
        }
    }

    /// Claims where it is time to, takes what is due, then reads: as many entries as there is capacity for.
    async fn round(&mut self, jobs: &mut JoinSet<()>, next: &mut Next) -> Result<(), BusError> {
        let capacity = self.config.concurrency.get();
        let desk = Arc::clone(&self.desk);
        let free = |jobs: &JoinSet<()>| capacity.saturating_sub(jobs.len());
        if std::mem::take(&mut next.are_new_first) {
            let read = desk.group.read(free(jobs), Duration::ZERO).await?;
            self.start_all(jobs, read.into_iter().map(|entry| (entry, 1)).collect());
        }
        if free(jobs) > 0 && Instant::now() >= next.claim {
            let ConsumerConfig { claim_idle, retry, .. } = self.config;
            // Those that wait may be many, and none of them is late unless its time was lost.
            let longest = retry.most().max(claim_idle);
            let is_time = Instant::now() >= next.lost;
            let idle =
                Idle { held: claim_idle, waiting: is_time.then_some(longest + claim_idle), gone: claim_idle * GONE };
            let most = free(jobs).min(BATCH);
            let claimed = desk.group.claim(&self.leases.held(), idle, most).await?;
            // A full catch means that more may wait.
            let is_full = claimed.len() == most;
            next.claim = Instant::now() + if is_full { Duration::ZERO } else { claim_idle / 4 };
            if is_time && !is_full {
                // At random, so that of many consumers one does it at a time.
                next.lost = Instant::now() + longest.mul_f64(0.25 + fastrand::f64() / 4.0);
            }
            self.start_all(jobs, claimed);
        }
        if free(jobs) > 0 && Instant::now() >= next.due {
            let most = free(jobs).min(BATCH);
            let (due, following) = desk.group.due(most).await?;
            let is_full = due.len() == most;
            let pause = if is_full { Duration::ZERO } else { following.map_or(LOOK, |wait| wait.min(LOOK)) };
            next.due = Instant::now() + pause;
            // What fails again and again must not keep out what has not been tried once.
            next.are_new_first = is_full;
            self.start_all(jobs, due);
        }
        if free(jobs) > 0 {
            let until = next.claim.min(next.due);
            let block = self.config.block.min(until.saturating_duration_since(Instant::now()));
            let read = desk.group.read(free(jobs), block).await?;
            self.start_all(jobs, read.into_iter().map(|entry| (entry, 1)).collect());
        }
        Ok(())
    }

    fn start_all(&mut self, jobs: &mut JoinSet<()>, entries: Vec<Delivered>) {
        for (entry, delivery_count) in entries {
            self.start(jobs, entry, delivery_count);
        }
    }

    fn start(&mut self, jobs: &mut JoinSet<()>, entry: Entry, delivery_count: u32) {
        let Some(lease) = self.leases.take(entry.id) else {
            // Its last job is still here: about to end, or it has lost its lease meanwhile. Until then the entry is this
            // consumer's, and the lease is extended.
            let (desk, leases) = (Arc::clone(&self.desk), Arc::clone(&self.leases));
            jobs.spawn(async move {
                while leases.holds(entry.id) {
                    tokio::time::sleep(AGAIN).await;
                }
                if let Err(error) = desk.group.delay(entry.id, Duration::ZERO, 1).await {
                    tracing::debug!(entry.id = %entry.id, error = chain(&error), "an entry is claimed later");
                }
            });
            return;
        };
        let job = Arc::clone(&self.desk).work(self.handler.clone(), entry, delivery_count);
        jobs.spawn(async move {
            job.await;
            drop(lease);
        });
    }

    async fn drain(&mut self, jobs: &mut JoinSet<()>) -> usize {
        let all_ended = async {
            while let Some(ended) = jobs.join_next().await {
                tell_panic(ended);
            }
        };
        let _ = tokio::time::timeout(self.config.drain_deadline, all_ended).await;
        let abandoned = jobs.len();
        // Before their jobs end and take the leases with them.
        let held = self.leases.held();
        jobs.abort_all();
        if abandoned > 0 {
            tracing::warn!(
                abandoned,
                "jobs were still running at the drain deadline; others get their entries at once"
            );
            let hand_back =
                futures::future::join_all(held.iter().map(|id| self.desk.group.delay(*id, Duration::ZERO, 1)));
            // What cannot be handed back is claimed when it has been idle for long enough.
            let _ = tokio::time::timeout(HAND_BACK, hand_back).await;
        }
        abandoned
    }
}

/// A handler's panic is caught in its job; one that gets here came from the sink, or is ours.
fn tell_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = chain(&error), "a job ended by a panic; its entry is claimed later");
    }
}
