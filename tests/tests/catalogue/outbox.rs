//! Outbox, sweeper and dead letters.

use std::collections::HashSet;

use futures::future::join_all;
use sealmark_catalogue::Backlog;
use sealmark_protocol::{FailureCode, MediaId, Topic};
use uuid::Uuid;

use crate::fixture::{
    Database, begin, completed, dead_letter, open, publish, relay_all, rendition, taken, uploaded, waiting,
};

pub(crate) async fn events_come_in_order_until_marked(database: &Database) {
    let catalogue = database.connect().await;
    let mut media = Vec::new();
    for now_ms in [100, 200, 300, 400] {
        media.push(completed(&catalogue, now_ms).await.media_id.to_string());
    }
    let subjects = async |limit| -> Vec<String> {
        let batch = catalogue.outbox_batch(limit).await.unwrap();
        batch.into_iter().map(|event| event.envelope.subject).collect()
    };
    assert_eq!(subjects(3).await, media[..3]);
    assert_eq!(subjects(3).await, media[..3], "reading reserves nothing");

    let batch = catalogue.outbox_batch(10).await.unwrap();
    let sent = [batch[1].envelope.id, batch[0].envelope.id];
    assert_eq!(catalogue.mark_published(&sent, 500).await.unwrap(), 2);
    assert_eq!(catalogue.mark_published(&sent, 600).await.unwrap(), 0);
    assert_eq!(catalogue.mark_published(&[], 600).await.unwrap(), 0);
    assert_eq!(subjects(10).await, media[2..]);
}

pub(crate) async fn two_relays_lose_nothing(database: &Database) {
    let (one, two) = (database.connect().await, database.connect().await);
    let mut expected = HashSet::new();
    for _ in 0..30 {
        expected.insert(completed(&one, 100).await.media_id.to_string());
    }
    let relays = [one.clone(), two].map(|catalogue| async move {
        let mut sent = Vec::new();
        loop {
            let batch = catalogue.outbox_batch(4).await.unwrap();
            if batch.is_empty() {
                return sent;
            }
            sent.extend(batch.iter().map(|event| event.envelope.subject.clone()));
            let ids: Vec<_> = batch.iter().map(|event| event.envelope.id).collect();
            catalogue.mark_published(&ids, 200).await.unwrap();
        }
    });
    let sent: HashSet<String> = join_all(relays).await.into_iter().flatten().collect();
    assert_eq!(sent, expected);
    assert_eq!(one.outbox_backlog(300).await.unwrap(), Backlog { count: 0, oldest_age_ms: None });
}

pub(crate) async fn the_backlog_and_pruning_count_right(database: &Database) {
    let catalogue = database.connect().await;
    assert_eq!(catalogue.outbox_backlog(1).await.unwrap(), Backlog { count: 0, oldest_age_ms: None });
    for now_ms in [100, 200, 300] {
        completed(&catalogue, now_ms).await;
    }
    assert_eq!(catalogue.outbox_backlog(1_000).await.unwrap(), Backlog { count: 3, oldest_age_ms: Some(900) });
    assert_eq!(catalogue.outbox_backlog(50).await.unwrap(), Backlog { count: 3, oldest_age_ms: Some(0) });
    for (index, event) in catalogue.outbox_batch(10).await.unwrap().iter().enumerate().take(2) {
        catalogue.mark_published(&[event.envelope.id], 1_000 + index as i64).await.unwrap();
    }
    assert_eq!(catalogue.outbox_backlog(1_000).await.unwrap(), Backlog { count: 1, oldest_age_ms: Some(700) });
    assert_eq!(catalogue.prune_published(1_000, 10).await.unwrap(), 0, "strictly before");
    assert_eq!(catalogue.prune_published(2_000, 1).await.unwrap(), 1);
    assert_eq!(catalogue.prune_published(2_000, 10).await.unwrap(), 1);
    assert_eq!(catalogue.prune_published(i64::MAX, 10).await.unwrap(), 0, "what waits is never pruned");
    assert_eq!(catalogue.outbox_batch(10).await.unwrap().len(), 1);
}

pub(crate) async fn stalled_pictures_are_requeued_by_one_sweeper(database: &Database) {
    let catalogue = database.connect().await;
    open(&catalogue, 10).await;
    let untouched = completed(&catalogue, 100).await;
    let begun = completed(&catalogue, 100).await;
    taken(&catalogue, begun.media_id).await;
    let ready = completed(&catalogue, 100).await;
    let token = taken(&catalogue, ready.media_id).await.fencing_token;
    publish(&catalogue, ready.media_id, token, &rendition(ready.media_id, 1, "bytes", "inputs")).await;
    relay_all(&catalogue, 600).await;

    assert!(catalogue.stalled_media(100, 10).await.unwrap().is_empty());
    let stalled = catalogue.stalled_media(10_000, 10).await.unwrap();
    let ids: Vec<MediaId> = stalled.iter().map(|found| found.media_id).collect();
    assert_eq!(ids, [untouched.media_id, begun.media_id]);
    assert_eq!((stalled[0].last_event_at_ms, stalled[1].last_event_at_ms), (100, 500));
    assert_eq!(stalled[0].source_key, untouched.source_key);
    assert_eq!(catalogue.stalled_media(10_000, 1).await.unwrap(), stalled[..1]);

    let requeued = join_all((0..10).map(|_| {
        let (catalogue, found, event) = (catalogue.clone(), stalled[0].clone(), uploaded(&untouched));
        async move { catalogue.requeue(&found, &event, 20_000).await.unwrap() }
    }))
    .await;
    assert_eq!(requeued.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(waiting(&catalogue, Topic::MediaUploaded).await.len(), 1);

    // A worker that takes the picture in between wins over the sweeper.
    begin(&catalogue, begun.media_id, 15_000).await.taken().unwrap();
    assert!(!catalogue.requeue(&stalled[1], &uploaded(&begun), 20_000).await.unwrap());
    assert_eq!(waiting(&catalogue, Topic::MediaUploaded).await.len(), 1);
}

pub(crate) async fn a_picture_whose_event_waits_is_not_stalled(database: &Database) {
    let catalogue = database.connect().await;
    completed(&catalogue, 100).await;
    assert!(catalogue.stalled_media(10_000, 10).await.unwrap().is_empty());
    relay_all(&catalogue, 200).await;
    assert_eq!(catalogue.stalled_media(10_000, 10).await.unwrap().len(), 1);
}

pub(crate) async fn old_open_uploads_are_found(database: &Database) {
    let catalogue = database.connect().await;
    let newer = open(&catalogue, 200).await;
    let older = open(&catalogue, 100).await;
    completed(&catalogue, 50).await;
    let found =
        |rows: Vec<sealmark_catalogue::UploadRow>| rows.into_iter().map(|row| row.upload_id).collect::<Vec<_>>();
    assert_eq!(found(catalogue.open_uploads(200, 10).await.unwrap()), [older.upload_id]);
    assert_eq!(found(catalogue.open_uploads(201, 10).await.unwrap()), [older.upload_id, newer.upload_id]);
    assert_eq!(found(catalogue.open_uploads(201, 1).await.unwrap()), [older.upload_id]);
    catalogue.abort_upload(older.upload_id, 300).await.unwrap();
    assert_eq!(found(catalogue.open_uploads(201, 10).await.unwrap()), [newer.upload_id]);
}

pub(crate) async fn an_event_is_dead_lettered_once(database: &Database) {
    let catalogue = database.connect().await;
    let mut unreadable = dead_letter(MediaId::from_uuid(Uuid::now_v7()), "sealmark:{media.uploaded}:medium/1-0");
    unreadable.tenant = None;
    unreadable.media_id = None;
    unreadable.code = FailureCode::UndecodableEvent;
    unreadable.body = "\0\u{1}{not json".to_owned();
    let recorded = join_all((0..10).map(|_| {
        let (catalogue, mut letter) = (catalogue.clone(), unreadable.clone());
        letter.dead_letter_id = sealmark_protocol::DeadLetterId::from_uuid(Uuid::now_v7());
        async move { catalogue.record_dead_letter(&letter).await.unwrap() }
    }))
    .await;
    assert_eq!(recorded.into_iter().filter(|new| *new).count(), 1);
    let mut later = dead_letter(MediaId::from_uuid(Uuid::now_v7()), "event-2");
    later.created_at_ms = 1_000;
    assert!(catalogue.record_dead_letter(&later).await.unwrap());

    let letters = catalogue.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0], later, "newest first, kept as given");
    assert_eq!((letters[1].tenant.clone(), letters[1].media_id), (None, None));
    assert_eq!(letters[1].body, "\u{fffd}\u{1}{not json");
    assert_eq!(catalogue.dead_letters(1).await.unwrap().len(), 1);
}
