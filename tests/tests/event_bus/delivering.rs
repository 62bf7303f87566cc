use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Result;
use sealmark_event_bus::Report;
use sealmark_protocol::MediaUploaded;
use tokio::sync::{Barrier, Semaphore};

use crate::bench::{Bench, LANE, Seen, TOPIC, event, events, quick};

#[tokio::test]
async fn an_event_reaches_the_handler_whole_and_leaves_nothing_behind() -> Result<()> {
    let bench = Bench::start().await?;
    let mut sent = event();
    sent.extensions.insert("partitionkey".to_owned(), "p1".into());
    bench.publish(std::slice::from_ref(&sent)).await?;
    let got = Arc::new(Mutex::new(None));
    let consumer = bench.consumer(quick(1), {
        let got = Arc::clone(&got);
        move |delivery| {
            *got.lock().unwrap() = Some(delivery);
            async { Ok(()) }
        }
    });
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!(report, Report { done: 1, failed: 0, superseded: 0, dead_lettered: 0, abandoned: 0 });
    let got = got.lock().unwrap().take().unwrap();
    assert_eq!((got.topic, got.lane, got.delivery_count), (TOPIC, LANE, 1));
    assert_eq!(got.published_at_ms, got.entry_id.added_at_ms());
    assert_eq!(got.envelope.payload::<MediaUploaded>()?, sent.payload::<MediaUploaded>()?);
    assert_eq!(got.envelope, sent);
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_in_the_stream_twice_is_handled_and_acknowledged_twice() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(20);
    bench.publish(&sent).await?;
    for event in &sent {
        bench.add_raw(&[(b"event", event.to_json().as_bytes())]).await?;
    }
    let (seen, effects) = (Seen::default(), Arc::new(Mutex::new(BTreeSet::new())));
    let consumer = bench.consumer(quick(4), {
        let (seen, effects) = (seen.clone(), Arc::clone(&effects));
        move |delivery| {
            seen.note(&delivery);
            effects.lock().unwrap().insert(delivery.envelope.id);
            async { Ok(()) }
        }
    });
    bench.finish([consumer]).await?;
    seen.each(&sent, 2)?;
    assert_eq!(effects.lock().unwrap().len(), sent.len());
    Ok(())
}

#[tokio::test]
async fn no_more_entries_are_taken_than_there_are_jobs() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(30);
    bench.publish(&sent).await?;
    let (seen, gate) = (Seen::default(), Arc::new(Semaphore::new(0)));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let consumer = bench.consumer(quick(3), {
        let (seen, gate, running, most) = (seen.clone(), Arc::clone(&gate), Arc::clone(&running), Arc::clone(&most));
        move |delivery| {
            seen.note(&delivery);
            let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            async move {
                gate.acquire().await.unwrap().forget();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }
    });
    seen.until(3).await?;
    let stats = bench.stats().await?;
    assert_eq!((stats.length, stats.pending, stats.waiting()), (30, 3, 27));
    assert!(stats.oldest_idle_ms.is_some());
    gate.add_permits(sent.len());
    bench.finish([consumer]).await?;
    seen.each(&sent, 1)?;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    Ok(())
}

#[tokio::test]
async fn two_consumers_share_the_load() -> Result<()> {
    let bench = Bench::start().await?;
    let seen = Seen::default();
    // Nobody gets past the barrier alone: with one job each, both consumers must have an entry at the same time.
    let barrier = Arc::new(Barrier::new(2));
    let consumers: Vec<_> = (0..2)
        .map(|_| {
            let (seen, barrier) = (seen.clone(), Arc::clone(&barrier));
            bench.consumer(quick(1), move |delivery| {
                seen.note(&delivery);
                let barrier = Arc::clone(&barrier);
                async move {
                    barrier.wait().await;
                    Ok(())
                }
            })
        })
        .collect();
    let sent = events(20);
    bench.publish(&sent).await?;
    let reports = bench.finish(consumers).await?;
    assert_eq!(reports.iter().map(|report| report.done).collect::<Vec<_>>(), [10, 10]);
    seen.each(&sent, 1)
}

#[tokio::test]
async fn a_stop_finishes_what_runs_and_leaves_the_rest_to_others() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(20);
    bench.publish(&sent).await?;
    let (seen, gate) = (Seen::default(), Arc::new(Semaphore::new(0)));
    let handler = {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        move |delivery| {
            seen.note(&delivery);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        }
    };
    let first = bench.consumer(quick(4), handler.clone());
    seen.until(4).await?;
    first.stop.cancel();
    gate.add_permits(4);
    let report = first.stop().await?;
    assert_eq!((report.done, report.abandoned), (4, 0));
    let stats = bench.stats().await?;
    assert_eq!((stats.length, stats.pending), (16, 0));

    gate.add_permits(16);
    let second = bench.consumer(quick(4), handler);
    bench.finish([second]).await?;
    seen.each(&sent, 1)
}
