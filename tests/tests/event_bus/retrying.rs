use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Result;
use sealmark_event_bus::{ConsumerConfig, HandlerError, RetryPolicy};
use sealmark_tests::process::wait_for;

use crate::bench::{Bench, GROUP, LANE, Seen, TOPIC, event, events, quick};

/// Key of the times of waiting entries, as the README of operations has it.
fn waiting_key() -> String {
    format!("sealmark:{{{TOPIC}}}:waiting:{}:{GROUP}", LANE.as_str())
}

/// Redis's clock, in milliseconds.
async fn now_ms(bench: &Bench) -> Result<i64> {
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut bench.raw().await?).await?;
    Ok(seconds * 1_000 + micros / 1_000)
}

/// How long entries wait that nothing in a test should wait for.
fn for_ever() -> RetryPolicy {
    let hour = Duration::from_secs(3_600);
    RetryPolicy { first: hour, longest: hour, away: hour }
}

/// One at a time, and still the entry that waits holds nobody up.
#[tokio::test]
async fn what_waits_takes_no_place_and_holds_nobody_up() -> Result<()> {
    let bench = Bench::start().await?;
    let first = event();
    bench.publish(std::slice::from_ref(&first)).await?;
    let seen = Seen::default();
    let config = ConsumerConfig { retry: for_ever(), ..quick(1) };
    let consumer = bench.consumer(config, {
        let (seen, bad) = (seen.clone(), first.id);
        move |delivery| {
            seen.note(&delivery);
            let is_bad = delivery.envelope.id == bad;
            async move { if is_bad { Err(HandlerError::unavailable("the store is away")) } else { Ok(()) } }
        }
    });
    wait_for("the first to wait", async || bench.stats().await.ok().filter(|stats| stats.delayed == 1)).await?;
    let others = events(20);
    bench.publish(&others).await?;
    let left = wait_for("the others", async || bench.stats().await.ok().filter(|stats| stats.length == 1)).await?;
    assert_eq!((left.pending, left.delayed, left.oldest_idle_ms), (1, 1, None));
    let report = consumer.stop().await?;
    assert_eq!((report.done, report.failed), (20, 1));
    assert_eq!(seen.of(&first), [1]);
    Ok(())
}

#[tokio::test]
async fn who_asks_to_wait_is_left_alone_for_that_long() -> Result<()> {
    const ASKED: Duration = Duration::from_millis(700);
    let bench = Bench::start().await?;
    let sent = events(1);
    let (seen, times) = (Seen::default(), Arc::new(Mutex::new(Vec::new())));
    bench.publish(&sent).await?;
    let config =
        ConsumerConfig { retry: RetryPolicy { longest: Duration::from_secs(5), ..quick(1).retry }, ..quick(1) };
    let consumer = bench.consumer(config, {
        let (seen, times, redis) = (seen.clone(), Arc::clone(&times), bench.raw().await?);
        move |delivery| {
            let count = seen.note(&delivery);
            let (times, mut redis) = (Arc::clone(&times), redis.clone());
            async move {
                let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut redis).await.unwrap();
                times.lock().unwrap().push(seconds * 1_000 + micros / 1_000);
                let source = "429 Too Many Requests".into();
                if count < 5 { Err(HandlerError::Throttled { after: ASKED, source }) } else { Ok(()) }
            }
        }
    });
    bench.finish([consumer]).await?;
    let times = times.lock().unwrap();
    let asked_ms = ASKED.as_millis() as i64;
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= asked_ms), "{times:?}");
    // The limit is 3, and it is not what counts here.
    assert_eq!(seen.of(&sent[0]), [1; 5]);
    Ok(())
}

/// A stop does not leave others to find out by themselves, after the idle time, what has become of its entries.
#[tokio::test]
async fn what_a_stop_cuts_off_is_handed_back_at_once() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(3);
    bench.publish(&sent).await?;
    let seen = Seen::default();
    // With an idle time like this nobody would ever claim it.
    let config = || ConsumerConfig { claim_idle: Duration::from_secs(3_600), retry: for_ever(), ..quick(3) };
    let stopped = bench.consumer(ConsumerConfig { drain_deadline: Duration::from_millis(50), ..config() }, {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            std::future::pending()
        }
    });
    seen.until(3).await?;
    assert_eq!(stopped.stop().await?.abandoned, 3);
    let other = bench.consumer(config(), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    bench.finish([other]).await?;
    // A stop is not the entry's fault.
    sent.iter().for_each(|event| assert_eq!(seen.of(event), [1, 1]));
    Ok(())
}

/// Whoever deletes the times of waiting entries, or Redis itself, must not lose the entries with them.
#[tokio::test]
async fn entries_whose_time_is_lost_come_again_all_the_same() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(2);
    bench.publish(&sent).await?;
    let seen = Seen::default();
    let handle = |is_up: bool| {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async move { if is_up { Ok(()) } else { Err(HandlerError::transient("not yet")) } }
        }
    };
    let config = ConsumerConfig { retry: for_ever(), ..quick(2) };
    let failing = bench.consumer(config, handle(false));
    wait_for("both to wait", async || bench.stats().await.ok().filter(|stats| stats.delayed == 2)).await?;
    failing.stop().await?;
    let latest = now_ms(&bench).await? + 3_600_000;
    let times: Vec<(String, i64)> = redis::cmd("ZRANGE")
        .arg(waiting_key())
        .arg(0)
        .arg(-1)
        .arg("WITHSCORES")
        .query_async(&mut bench.raw().await?)
        .await?;
    assert!(times.len() == 2 && times.iter().all(|(_, due)| *due <= latest), "{times:?}");
    let _: () = redis::cmd("DEL").arg(waiting_key()).query_async(&mut bench.raw().await?).await?;
    // To this one no entry waits longer than 200 ms.
    let working = bench.consumer(quick(2), handle(true));
    bench.finish([working]).await?;
    sent.iter().for_each(|event| assert_eq!(seen.of(event), [1, 2]));
    Ok(())
}

#[tokio::test]
async fn consumers_that_are_gone_leave_the_group_but_none_that_holds_something() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(1);
    bench.publish(&sent).await?;
    let mut raw = bench.raw().await?;
    let key = TOPIC.stream_key(LANE);
    let _: () = redis::cmd("XGROUP").arg("CREATE").arg(&key).arg(GROUP).arg("0").query_async(&mut raw).await?;
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg("holder").arg("STREAMS").arg(&key).arg(">");
    let _: redis::Value = read.query_async(&mut raw).await?;
    for name in 0..100 {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATECONSUMER").arg(&key).arg(GROUP).arg(format!("idler-{name}"));
        let _: i64 = create.query_async(&mut raw).await?;
    }
    let seen = Seen::default();
    let config = ConsumerConfig { claim_idle: Duration::from_millis(60), ..quick(1) };
    let consumer = bench.consumer(config, {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    // Had the holder been taken out with its entry, the entry would be in the stream for ever.
    let own = wait_for("all but one to be gone", async || {
        let info: Result<redis::streams::StreamInfoConsumersReply, _> =
            redis::cmd("XINFO").arg("CONSUMERS").arg(&key).arg(GROUP).query_async(&mut bench.raw().await.ok()?).await;
        info.ok().filter(|info| info.consumers.len() == 1)
    });
    assert!(own.await?.consumers[0].name.contains(&std::process::id().to_string()));
    bench.finish([consumer]).await?;
    assert_eq!(seen.of(&sent[0]), [2]);
    Ok(())
}

/// A time may outlive the wait that it was for: when the entry was claimed, or the group was made again.
#[tokio::test]
async fn a_time_that_is_left_over_takes_no_entry_from_who_works_on_it() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(1);
    let published = bench.publish(&sent).await?;
    let sealmark_event_bus::Published::Accepted { entry_id } = published[0] else { panic!("{published:?}") };
    let (seen, gate) = (Seen::default(), Arc::new(tokio::sync::Semaphore::new(0)));
    let start = || {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        bench.consumer(quick(1), move |delivery| {
            seen.note(&delivery);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    let working = start();
    seen.until(1).await?;
    let mut add = redis::cmd("ZADD");
    let _: i64 = add.arg(waiting_key()).arg(1).arg(entry_id.to_string()).query_async(&mut bench.raw().await?).await?;
    let idle = start();
    wait_for("the time to be gone", async || {
        let mut count = redis::cmd("ZCARD");
        let left: i64 = count.arg(waiting_key()).query_async(&mut bench.raw().await.ok()?).await.ok()?;
        (left == 0).then_some(())
    })
    .await?;
    gate.add_permits(1);
    bench.finish([working, idle]).await?;
    assert_eq!(seen.of(&sent[0]), [1]);
    Ok(())
}

/// At its memory limit Redis takes nothing new, but what is there must get on: only then will there be memory again.
#[tokio::test]
async fn a_full_redis_holds_no_consumer_up() -> Result<()> {
    let bench = Bench::start().await?;
    let sent = events(4);
    bench.publish(&sent).await?;
    let limit = async |bytes: u64| -> Result<()> {
        let mut set = redis::cmd("CONFIG");
        Ok(set.arg("SET").arg("maxmemory").arg(bytes).query_async(&mut bench.raw().await?).await?)
    };
    let mut group = redis::cmd("XGROUP");
    group.arg("CREATE").arg(TOPIC.stream_key(LANE)).arg(GROUP).arg("0");
    let _: () = group.query_async(&mut bench.raw().await?).await?;
    limit(1).await?;
    assert!(bench.publisher.publish(&[(TOPIC, LANE, event())]).await.is_err());
    let seen = Seen::default();
    let consumer = bench.consumer(quick(1), {
        let (seen, [away, again, poison, _]) = (seen.clone(), [0, 1, 2, 3].map(|at| sent[at].id));
        move |delivery| {
            let count = seen.note(&delivery);
            let id = delivery.envelope.id;
            async move {
                match id {
                    id if id == away && count < 4 => Err(HandlerError::unavailable("the store is away")),
                    id if id == again && count < 2 => Err(HandlerError::transient("not yet")),
                    id if id == poison => {
                        let code = sealmark_protocol::FailureCode::BrokenImage;
                        Err(HandlerError::Permanent { code, message: "half a file".to_owned() })
                    }
                    _ => Ok(()),
                }
            }
        }
    });
    bench.until_empty().await?;
    limit(0).await?;
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!((report.done, report.failed, report.dead_lettered), (3, 4, 1));
    Ok(())
}

/// Three that fail at once, for ever, and one place: whatever is due is due always.
#[tokio::test]
async fn what_fails_again_and_again_does_not_keep_new_entries_out() -> Result<()> {
    let bench = Bench::start().await?;
    let bad = events(3);
    bench.publish(&bad).await?;
    let seen = Seen::default();
    let config = ConsumerConfig { retry: RetryPolicy { away: Duration::from_millis(1), ..quick(1).retry }, ..quick(1) };
    let consumer = bench.consumer(config, {
        let (seen, bad) = (seen.clone(), bad.iter().map(|event| event.id).collect::<Vec<_>>());
        move |delivery| {
            seen.note(&delivery);
            let is_bad = bad.contains(&delivery.envelope.id);
            async move {
                if !is_bad {
                    return Ok(());
                }
                // Longer than any of them waits.
                tokio::time::sleep(Duration::from_millis(3)).await;
                Err(HandlerError::unavailable("the store is away"))
            }
        }
    });
    seen.until(30).await?;
    let others = events(5);
    bench.publish(&others).await?;
    wait_for("the new ones", async || bench.stats().await.ok().filter(|stats| stats.length == 3)).await?;
    consumer.stop().await?;
    others.iter().for_each(|event| assert_eq!(seen.of(event), [1]));
    Ok(())
}
