use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use redis::{
    AsyncCommands,
    streams::{StreamPendingCountReply, StreamPendingId},
};
use sealmark_event_bus::{ConsumerConfig, HandlerError};
use sealmark_tests::process::wait_for;
use tokio::sync::Semaphore;

use crate::bench::{Bench, GROUP, LANE, Seen, TOPIC, events, quick};

#[tokio::test]
async fn a_killed_worker_s_entries_are_claimed_by_another() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(3);
    bench.publish(&sent).await?;
    let seen = Seen::default();
    let doomed = bench.consumer(quick(3), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            std::future::pending()
        }
    });
    seen.until(3).await?;
    doomed.kill().await;
    let survivor = bench.consumer(quick(3), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    bench.until_empty().await?;
    assert_eq!(survivor.stop().await?.done, 3);
    for event in &sent {
        assert_eq!(seen.of(event), [1, 2]);
    }
    assert_eq!(bench.stats().await?.pending, 0);
    Ok(())
}

/// Another consumer claims the entry of a dead one. The long job's entry is older, so without its heartbeat it would have
/// been claimed first.
#[tokio::test]
async fn the_heartbeat_keeps_a_long_job_from_being_claimed() -> Result<()> {
    let bench = Bench::start().await?;
    let config = || ConsumerConfig { claim_idle: Duration::from_millis(1_000), ..quick(1) };
    let (long_seen, short_seen, gate) = (Seen::default(), Seen::default(), Arc::new(Semaphore::new(0)));
    let long = events(1);
    bench.publish(&long).await?;
    let long_runner = bench.consumer(config(), {
        let (seen, gate) = (long_seen.clone(), Arc::clone(&gate));
        move |delivery| {
            seen.note(&delivery);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        }
    });
    long_seen.until(1).await?;
    let short = events(1);
    bench.publish(&short).await?;
    a_ghost_reads(&bench).await?;
    let claimer = bench.consumer(config(), {
        let seen = short_seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    short_seen.until(1).await?;
    assert_eq!(short_seen.of(&short[0]), [2]);
    assert_eq!(long_seen.of(&long[0]), [1]);
    gate.add_permits(1);
    bench.finish([long_runner, claimer]).await?;
    short_seen.each(&short, 1)?;
    long_seen.each(&long, 1)
}

#[tokio::test]
async fn a_superseded_job_is_left_pending_and_never_counts_towards_the_limit() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(1);
    bench.publish(&sent).await?;
    let (seen, least_pending) = (Seen::default(), Arc::new(AtomicU64::new(u64::MAX)));
    // The limit is 3.
    let consumer = bench.consumer(quick(1), {
        let (seen, least_pending, bus) = (seen.clone(), Arc::clone(&least_pending), bench.bus.clone());
        move |delivery| {
            let times = seen.note(&delivery);
            let (bus, least_pending) = (bus.clone(), Arc::clone(&least_pending));
            async move {
                let stats = bus.stats(TOPIC, LANE, GROUP).await.map_err(HandlerError::transient)?;
                least_pending.fetch_min(stats.pending, Ordering::SeqCst);
                if times <= 5 { Err(HandlerError::Superseded) } else { Ok(()) }
            }
        }
    });
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!((report.superseded, report.done, report.dead_lettered), (5, 1, 0));
    assert_eq!(seen.of(&sent[0]), [1; 6]);
    assert_eq!(least_pending.load(Ordering::SeqCst), 1);
    Ok(())
}

/// A worker that slept through its lease must not pull the entry from under the one that claimed it, neither by its
/// heartbeat nor when it ends.
#[tokio::test]
async fn a_lost_entry_stays_with_the_consumer_that_claimed_it() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(2);
    let lost = sent[1].id;
    bench.publish(&sent).await?;
    let (seen, kept_gate, lost_gate) = (Seen::default(), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let sleeper = bench.consumer(quick(2), {
        let (seen, kept_gate, lost_gate) = (seen.clone(), Arc::clone(&kept_gate), Arc::clone(&lost_gate));
        move |delivery| {
            seen.note(&delivery);
            let is_lost = delivery.envelope.id == lost;
            let gate = Arc::clone(if is_lost { &lost_gate } else { &kept_gate });
            async move {
                gate.acquire().await.unwrap().forget();
                if is_lost { Err(HandlerError::Superseded) } else { Ok(()) }
            }
        }
    });
    seen.until(2).await?;
    a_ghost_claims(&bench).await?;
    // The other entry has been extended since the ghost came: so a heartbeat has passed over the ghost's.
    let after_heartbeat = wait_for("a heartbeat", async || {
        let pending = pending(&bench).await.ok()?;
        let of_ghost = pending.iter().find(|entry| entry.consumer == "ghost");
        of_ghost.is_none_or(|ghost| pending[0].last_delivered_ms < ghost.last_delivered_ms).then_some(pending)
    });
    let of_ghost = |entry: &StreamPendingId| entry.consumer == "ghost" && entry.times_delivered == 2;
    assert!(of_ghost(&after_heartbeat.await?[1]));
    lost_gate.add_permits(1);
    kept_gate.add_permits(1);
    let report = sleeper.stop().await?;
    assert_eq!((report.done, report.superseded), (1, 1));
    assert!(matches!(&pending(&bench).await?[..], [entry] if of_ghost(entry)));

    let last = bench.consumer(quick(1), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    bench.finish([last]).await?;
    assert_eq!((seen.of(&sent[0]), seen.of(&sent[1])), (vec![1], vec![1, 3]));
    Ok(())
}

/// A consumer that reads one entry and is never heard of again.
async fn a_ghost_reads(bench: &Bench) -> Result<()> {
    let mut command = redis::cmd("XREADGROUP");
    command.arg("GROUP").arg(GROUP).arg("ghost").arg("COUNT").arg(1);
    command.arg("STREAMS").arg(TOPIC.stream_key(LANE)).arg(">");
    let read: redis::Value = command.query_async(&mut bench.raw().await?).await?;
    ensure!(read != redis::Value::Nil, "there is no entry for the ghost");
    Ok(())
}

/// A consumer that claims the newest entry for its second delivery, and is never heard of again.
async fn a_ghost_claims(bench: &Bench) -> Result<()> {
    let mut raw = bench.raw().await?;
    let key = TOPIC.stream_key(LANE);
    let newest: redis::streams::StreamRangeReply = raw.xrevrange_count(&key, "+", "-", 1).await?;
    let mut command = redis::cmd("XCLAIM");
    command.arg(&key).arg(GROUP).arg("ghost").arg(0).arg(&newest.ids[0].id).arg("RETRYCOUNT").arg(2).arg("JUSTID");
    Ok(command.query_async(&mut raw).await?)
}

/// The pending entries, oldest first.
async fn pending(bench: &Bench) -> Result<Vec<StreamPendingId>> {
    let reply: StreamPendingCountReply =
        bench.raw().await?.xpending_count(TOPIC.stream_key(LANE), GROUP, "-", "+", 10).await?;
    Ok(reply.ids)
}
