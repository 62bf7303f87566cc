use std::{sync::Arc, time::Duration};

use anyhow::Result;
use nix::sys::signal::Signal;
use sealmark_event_bus::{BusError, HandlerError};
use sealmark_protocol::{Envelope, FailureCode};
use sealmark_tests::{process::wait_for, redis_server::RedisServer};
use tokio::sync::Semaphore;

use crate::bench::{Bench, LANE, Running, Seen, TOPIC, event, events, quick, within};

/// A consumer whose jobs take a moment, so that an outage finds some under way.
fn consumer(bench: &Bench, seen: &Seen) -> Running {
    let seen = seen.clone();
    bench.consumer(quick(4), move |delivery| {
        seen.note(&delivery);
        async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok(())
        }
    })
}

#[tokio::test]
async fn redis_crashes_and_every_event_is_handled_once() -> Result<()> {
    let mut bench = Bench::durable().await?;
    let seen = Seen::default();
    let consumer = consumer(&bench, &seen);
    let sent = events(400);
    let publisher = {
        let (publisher, sent) = (bench.publisher.clone(), sent.clone());
        tokio::spawn(async move {
            for event in sent {
                let batch = [(TOPIC, LANE, event)];
                while let Err(error) = publisher.publish(&batch).await {
                    assert!(error.is_transient(), "{error:?}");
                }
            }
        })
    };
    for handled in [40, 150, 260] {
        seen.until(handled).await?;
        bench.redis.crash();
        bench.redis.start_again().await?;
    }
    within("the publisher", publisher).await??;
    seen.until(sent.len()).await?;
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!((report.done, report.dead_lettered), (400, 0));
    seen.each(&sent, 1)
}

#[tokio::test]
async fn redis_stalls_and_every_event_is_handled_once() -> Result<()> {
    let bench = Bench::start().await?;
    let seen = Seen::default();
    let consumer = consumer(&bench, &seen);
    let before = events(20);
    bench.publish(&before).await?;
    seen.until(5).await?;
    bench.redis.signal(Signal::SIGSTOP)?;
    let during = events(20);
    let batch: Vec<_> = during.iter().map(|event| (TOPIC, LANE, event.clone())).collect();
    // The commands of these calls lie in the stalled server's sockets; it carries them out when it wakes.
    for _ in 0..3 {
        let error = bench.publisher.publish(&batch).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert!(matches!(error, BusError::Timeout { .. } | BusError::Unavailable { .. }), "{error:?}");
    }
    bench.redis.signal(Signal::SIGCONT)?;
    bench.publish(&during).await?;
    bench.finish([consumer]).await?;
    seen.each(&[before, during].concat(), 1)
}

/// Both calls reach the stalled server, and their answers come too late: what they did is not known, so they are repeated.
#[tokio::test]
async fn redis_stalls_while_jobs_end_and_each_ends_once() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen, gate) = (bench.letters.clone(), Seen::default(), Arc::new(Semaphore::new(0)));
    let consumer = bench.consumer(quick(2), {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        move |delivery| {
            seen.note(&delivery);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                if delivery.envelope.subject != "bad" {
                    return Ok(());
                }
                Err(HandlerError::Permanent { code: FailureCode::BrokenImage, message: "half a file".to_owned() })
            }
        }
    });
    let good_and_bad = || [event(), Envelope { subject: "bad".to_owned(), ..event() }];
    // Once in peace, so that the server knows the scripts: an unknown one would do nothing the first time.
    let before = good_and_bad();
    bench.publish(&before).await?;
    gate.add_permits(2);
    bench.until_empty().await?;

    let during = good_and_bad();
    bench.publish(&during).await?;
    seen.until(4).await?;
    bench.redis.signal(Signal::SIGSTOP)?;
    gate.add_permits(2);
    wait_for("the record", async || (letters.ids().len() == 2).then_some(())).await?;
    // Sent after them on the same connection: when this has timed out, so have they.
    assert!(matches!(bench.bus.ping().await, Err(BusError::Timeout { .. })));
    bench.redis.signal(Signal::SIGCONT)?;
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!((report.done, report.failed), (2, 0));
    seen.each(&[before, during].concat(), 1)
}

#[tokio::test]
async fn redis_loses_everything_and_new_events_flow_again() -> Result<()> {
    let bench = Bench::start().await?;
    let (seen, gate) = (Seen::default(), Arc::new(Semaphore::new(0)));
    let consumer = bench.consumer(quick(2), {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        move |delivery| {
            seen.note(&delivery);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        }
    });
    // Two run when the data go, three more were waiting and are lost with Redis.
    let lost = events(5);
    bench.publish(&lost).await?;
    seen.until(2).await?;
    bench.redis.wipe().await?;
    gate.add_permits(100);
    // The ids that Redis remembered are gone as well: the outbox can publish everything again.
    bench.publish(&lost).await?;
    let new = events(5);
    bench.publish(&new).await?;
    seen.until(12).await?;
    // Once more while the consumer waits in a read.
    bench.until_empty().await?;
    bench.redis.wipe().await?;
    let last = events(5);
    bench.publish(&last).await?;
    seen.until(17).await?;
    bench.finish([consumer]).await?;
    for event in new.iter().chain(&last) {
        assert_eq!(seen.of(event), [1]);
    }
    Ok(())
}

#[tokio::test]
async fn everything_starts_while_redis_is_away() -> Result<()> {
    let mut bench = Bench::start().await?;
    bench.redis.crash();
    assert!(bench.bus.ping().await.unwrap_err().is_transient());
    assert!(bench.bus.stats(TOPIC, LANE, "nobody").await.unwrap_err().is_transient());
    let seen = Seen::default();
    let consumer = consumer(&bench, &seen);
    let sent = events(5);
    let publishing = {
        let (publisher, sent) = (bench.publisher.clone(), sent.clone());
        let batch: Vec<_> = sent.into_iter().map(|event| (TOPIC, LANE, event)).collect();
        tokio::spawn(async move { while publisher.publish(&batch).await.is_err() {} })
    };
    bench.redis.start_again().await?;
    within("the publisher", publishing).await??;
    bench.finish([consumer]).await?;
    seen.each(&sent, 1)
}

#[tokio::test]
async fn a_stop_ends_while_redis_is_away() -> Result<()> {
    let mut bench = Bench::start().await?;
    let seen = Seen::default();
    let consumer = consumer(&bench, &seen);
    let sent = events(1);
    bench.publish(&sent).await?;
    seen.until(1).await?;
    wait_for("the acknowledgement", async || bench.stats().await.ok().filter(|stats| stats.length == 0)).await?;
    bench.redis.crash();
    let report = consumer.stop().await?;
    assert_eq!((report.done, report.abandoned), (1, 0));
    Ok(())
}

/// Events are not to be trusted to a server that forgets them when its memory is full.
#[tokio::test]
async fn a_server_that_evicts_is_not_worked_with() -> Result<()> {
    let bench = Bench::on(RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru"]).await?)?;
    let policy_of = |error: BusError| match error {
        BusError::Evicts { policy } => policy,
        error => panic!("{error:?}"),
    };
    assert_eq!(policy_of(bench.bus.ping().await.unwrap_err()), "allkeys-lru");
    let events = [(TOPIC, LANE, event())];
    let refused = bench.publisher.publish(&events).await.unwrap_err();
    assert!(!refused.is_transient());
    assert!(refused.to_string().contains("allkeys-lru") && refused.to_string().contains("noeviction"), "{refused}");
    let length: u64 = redis::cmd("DBSIZE").query_async(&mut bench.raw().await?).await?;
    assert_eq!(length, 0);
    // Once that is mended it is worked with, without a restart.
    let mut mend = redis::cmd("CONFIG");
    let _: () = mend.arg("SET").arg("maxmemory-policy").arg("noeviction").query_async(&mut bench.raw().await?).await?;
    wait_for("the server to be worked with", async || bench.publisher.publish(&events).await.ok()).await?;
    Ok(())
}
