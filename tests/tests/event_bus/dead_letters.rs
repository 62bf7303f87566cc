use std::{num::NonZeroU32, time::Duration};

use anyhow::Result;
use redis::AsyncCommands;
use sealmark_event_bus::{ConsumerConfig, HandlerError};
use sealmark_protocol::FailureCode;

use crate::bench::{Bench, GROUP, LANE, Seen, TOPIC, events, quick};

#[tokio::test]
async fn a_poison_event_becomes_one_dead_letter_after_the_last_attempt() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen) = (bench.letters.clone(), Seen::default());
    // The record fails at first: the entry must stay, and still become one letter only.
    letters.fail(1);
    let sent = events(11);
    let poison = sent[4].id;
    bench.publish(&sent).await?;
    let consumers = [(); 2].map(|()| {
        let seen = seen.clone();
        bench.consumer(quick(2), move |delivery| {
            seen.note(&delivery);
            let bad = delivery.envelope.id == poison;
            async move { if bad { Err(HandlerError::transient("the font is broken")) } else { Ok(()) } }
        })
    });
    bench.until_empty().await?;
    let buried = bench.buried().await?;
    let reports = bench.finish(consumers).await?;
    assert_eq!(reports.iter().map(|report| report.dead_lettered).sum::<u64>(), 1);
    assert_eq!(reports.iter().map(|report| report.done).sum::<u64>(), 10);
    assert_eq!(seen.of(&sent[4]), [1, 2, 3]);

    let [letter] = &letters.all()[..] else { panic!("{letters:?}", letters = letters.all()) };
    assert_eq!(letter.event.as_ref(), Some(&sent[4]));
    assert_eq!(letter.payload, sent[4].to_json().into_bytes());
    assert_eq!(letter.failure.code, FailureCode::AttemptsExhausted);
    // The failed record cost one delivery more.
    assert_eq!(letter.attempts, 4);
    let [fields] = &buried[..] else { panic!("{buried:?}") };
    assert_eq!(fields["event"], sent[4].to_json());
    assert_eq!(fields["code"], "attempts_exhausted");
    assert_eq!(fields["attempts"], "4");
    assert_eq!(fields["lane"], "medium");
    assert_eq!(fields["group"], GROUP);
    assert_eq!(fields["published_at_ms"], letter.published_at_ms.to_string());
    Ok(())
}

#[tokio::test]
async fn the_last_attempt_s_reason_is_in_the_letter() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen) = (bench.letters.clone(), Seen::default());
    let sent = events(2);
    let (permanent, exhausted) = (sent[0].id, sent[1].id);
    bench.publish(&sent).await?;
    let consumer = bench.consumer(quick(2), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            let id = delivery.envelope.id;
            async move {
                if id == permanent {
                    let message = "it is a text".to_owned();
                    return Err(HandlerError::Permanent { code: FailureCode::UnsupportedFormat, message });
                }
                assert!(id == exhausted);
                Err(HandlerError::transient("the font is broken"))
            }
        }
    });
    bench.finish([consumer]).await?;
    seen.until(4).await?;
    assert_eq!((seen.of(&sent[0]), seen.of(&sent[1])), (vec![1], vec![1, 2, 3]));
    let failures =
        letters.all().into_iter().map(|letter| (letter.failure.code, letter.failure.message, letter.attempts));
    let expected = [
        (FailureCode::UnsupportedFormat, "it is a text".to_owned(), 1),
        (FailureCode::AttemptsExhausted, "the job may work later: the font is broken".to_owned(), 3),
    ];
    assert_eq!(failures.collect::<Vec<_>>(), expected);
    Ok(())
}

#[tokio::test]
async fn garbage_becomes_dead_letters_and_the_reader_goes_on() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen) = (bench.letters.clone(), Seen::default());
    let mut garbage = vec![
        bench.add_raw(&[(b"\xff\xfe", b"\0\x80"), (b"b", b"c")]).await?,
        bench.add_raw(&[(b"event", b"{\"specversion\":\"1.0\"}")]).await?,
        bench.add_raw(&[(b"event", b"\xff not JSON")]).await?,
        bench.add_raw(&[(b"event", "[".repeat(100_000).as_bytes())]).await?,
    ];
    let sent = events(5);
    bench.publish(&sent).await?;
    let consumer = bench.consumer(quick(2), {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            async { Ok(()) }
        }
    });
    bench.finish([consumer]).await?;
    seen.each(&sent, 1)?;
    garbage.sort_unstable();
    assert_eq!(letters.ids(), garbage);
    for letter in letters.all() {
        assert_eq!(letter.failure.code, FailureCode::UndecodableEvent);
        assert_eq!((letter.event, letter.attempts), (None, 1));
    }
    assert_eq!(letters.all()[0].payload, b"\xff\xfe=\0\x80\nb=c");
    Ok(())
}

#[tokio::test]
async fn a_panic_and_a_job_without_end_are_failed_attempts() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen) = (bench.letters.clone(), Seen::default());
    let sent = events(4);
    let [panics_once, hangs_once, always_panics, fine] = [0, 1, 2, 3].map(|i| sent[i].id);
    bench.publish(&sent).await?;
    let config = ConsumerConfig { job_deadline: Duration::from_millis(200), ..quick(4) };
    let consumer = bench.consumer(config, {
        let seen = seen.clone();
        move |delivery| {
            let times = seen.note(&delivery);
            let id = delivery.envelope.id;
            // Before the future exists, and inside of it: both are the handler's.
            assert!(id != always_panics, "no ink");
            async move {
                assert!(id != panics_once || times > 1, "no paper");
                if id == hangs_once && times == 1 {
                    std::future::pending::<()>().await;
                }
                assert!([panics_once, hangs_once, fine].contains(&id));
                Ok(())
            }
        }
    });
    let [report] = bench.finish([consumer]).await?[..] else { unreachable!() };
    assert_eq!((report.done, report.dead_lettered), (3, 1));
    let deliveries: Vec<_> = sent.iter().map(|event| seen.of(event)).collect();
    assert_eq!(deliveries, [vec![1, 2], vec![1, 2], vec![1, 2, 3], vec![1]]);
    let [letter] = &letters.all()[..] else { panic!("{letters:?}", letters = letters.all()) };
    assert_eq!(letter.failure.message, "the handler panicked: no ink");
    Ok(())
}

/// An event that ends the whole process cannot report its failure; its delivery count tells.
#[tokio::test]
async fn an_event_that_kills_its_workers_is_buried_without_being_tried_again() -> Result<()> {
    let bench = Bench::start().await?;
    let (letters, seen) = (bench.letters.clone(), Seen::default());
    let sent = events(2);
    let deadly = sent[0].id;
    bench.publish(&sent[..1]).await?;
    let handler = {
        let seen = seen.clone();
        move |delivery| {
            seen.note(&delivery);
            let deadly = delivery.envelope.id == deadly;
            async move { if deadly { std::future::pending().await } else { Ok(()) } }
        }
    };
    let config = || ConsumerConfig { max_deliveries: NonZeroU32::new(2).unwrap(), ..quick(1) };
    for victims in 1..=2 {
        let victim = bench.consumer(config(), handler.clone());
        seen.until(victims).await?;
        victim.kill().await;
    }
    bench.publish(&sent[1..]).await?;
    let consumer = bench.consumer(config(), handler);
    bench.until_empty().await?;
    assert_eq!(consumer.stop().await?.dead_lettered, 1);
    assert_eq!((seen.of(&sent[0]), seen.of(&sent[1])), (vec![1, 2], vec![1]));
    let [letter] = &letters.all()[..] else { panic!("{letters:?}", letters = letters.all()) };
    assert_eq!((letter.failure.code, letter.attempts), (FailureCode::AttemptsExhausted, 3));
    let pending: redis::streams::StreamPendingReply =
        bench.raw().await?.xpending(TOPIC.stream_key(LANE), GROUP).await?;
    assert_eq!(pending.count(), 0);
    Ok(())
}
