use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;
use redis::AsyncCommands;
use sealmark_event_bus::{Published, Publisher, PublisherConfig, tail};
use sealmark_protocol::{Envelope, Topic};
use sealmark_tests::process::wait_for;

use crate::bench::{Bench, LANE, TOPIC, event, events, within};

#[tokio::test]
async fn an_event_is_added_once_however_often_it_is_published() -> Result<()> {
    let bench = Bench::start().await?;
    // More than fits into one call to Redis.
    let many = events(450);
    let first = bench.publish(&many).await?;
    let ids: BTreeSet<_> = first
        .iter()
        .map(|published| match published {
            Published::Accepted { entry_id } => *entry_id,
            Published::Duplicate { .. } => panic!("a new event counts as a duplicate"),
        })
        .collect();
    assert_eq!(ids.len(), many.len());
    let again = bench.publish(&many).await?;
    for (first, again) in first.iter().zip(&again) {
        let Published::Accepted { entry_id } = *first else { unreachable!() };
        assert_eq!(*again, Published::Duplicate { entry_id });
    }
    let one = event();
    let twice_in_one_call = bench.publish(&[one.clone(), one.clone()]).await?;
    assert!(matches!(twice_in_one_call[..], [Published::Accepted { .. }, Published::Duplicate { .. }]));
    assert_eq!(bench.stats().await?.length, 451);

    let entries: redis::streams::StreamRangeReply = bench.raw().await?.xrange_all(TOPIC.stream_key(LANE)).await?;
    let stored: Vec<String> = entries.ids.iter().filter_map(|entry| entry.get("event")).collect();
    let expected: Vec<String> = many.iter().chain([&one]).map(Envelope::to_json).collect();
    assert_eq!(stored, expected);
    assert!(bench.publish(&[]).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_events_across_topics() -> Result<()> {
    let bench = Bench::start().await?;
    let known = event();
    bench.publisher.publish(&[(Topic::MediaFailed, LANE, known.clone())]).await?;
    let batch = [
        (Topic::MediaFailed, LANE, event()),
        (Topic::MediaUploaded, LANE, event()),
        (Topic::MediaFailed, LANE, known),
        (Topic::MediaWatermarked, LANE, event()),
    ];
    let answers = bench.publisher.publish(&batch).await?;
    let duplicate: Vec<bool> = answers.iter().map(|answer| matches!(answer, Published::Duplicate { .. })).collect();
    assert_eq!(duplicate, [false, false, true, false]);
    Ok(())
}

#[tokio::test]
async fn only_news_that_no_group_reads_is_trimmed() -> Result<()> {
    let bench = Bench::start().await?;
    let config = PublisherConfig { news_kept: 10, ..PublisherConfig::default() };
    let publisher = Publisher::new(bench.bus.clone(), config);
    let mut raw = bench.raw().await?;
    let with_group = Topic::MediaFailed;
    let _: () = raw.xgroup_create_mkstream(with_group.stream_key(LANE), "mailer", "0").await?;
    for topic in Topic::ALL {
        let batch: Vec<_> = events(1_000).into_iter().map(|event| (topic, LANE, event)).collect();
        publisher.publish(&batch).await?;
    }
    let length = async |topic: Topic| bench.bus.stats(topic, LANE, "mailer").await.map(|stats| stats.length);
    assert_eq!(length(Topic::MediaUploaded).await?, 1_000);
    assert_eq!(length(with_group).await?, 1_000);
    // Redis trims whole nodes of 100 entries.
    assert!(length(Topic::MediaWatermarked).await? < 300);
    Ok(())
}

#[tokio::test]
async fn a_tail_sees_every_event_from_now_on_and_outlives_a_crash_of_redis() -> Result<()> {
    let mut bench = Bench::durable().await?;
    bench.publish(&events(3)).await?;
    let mut tail = Box::pin(tail(&bench.bus, TOPIC, LANE).await?);
    let mut other = Box::pin(sealmark_event_bus::tail(&bench.bus, TOPIC, LANE).await?);
    let mut expected = events(5);
    bench.publish(&expected).await?;
    bench.add_raw(&[(b"\xff\xff", b"not an event")]).await?;
    bench.redis.crash();
    bench.redis.start_again().await?;
    let later = events(5);
    bench.publish(&later).await?;
    expected.extend(later);
    assert_eq!(within("ten events", tail.by_ref().take(10).collect::<Vec<_>>()).await?, expected);
    assert_eq!(within("ten events", other.by_ref().take(10).collect::<Vec<_>>()).await?, expected);

    // The next read is under way when Redis goes, or begins while it is away.
    let next = tokio::spawn(async move { tail.next().await });
    wait_for("a blocked reader", async || {
        let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut bench.raw().await.ok()?).await.ok()?;
        clients.contains("cmd=xread ").then_some(())
    })
    .await?;
    bench.redis.crash();
    bench.redis.start_again().await?;
    let last = event();
    bench.publish(std::slice::from_ref(&last)).await?;
    assert_eq!(within("the last event", next).await??, Some(last));
    Ok(())
}
