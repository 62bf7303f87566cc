//! The worker's side: taking, publishing, failing, and the fence between old and new jobs.

use std::collections::HashSet;

use futures::future::join_all;
use sealmark_catalogue::{CatalogueError, FailOutcome, JobStart, PublishOutcome};
use sealmark_protocol::{FailureCode, MediaId, MediaState, Topic};
use uuid::Uuid;

use crate::fixture::{
    Database, begin, completed, dead_letter, failed, open, publish, rendition, taken, tenant, user, waiting,
    watermarked,
};

pub(crate) async fn a_job_tells_the_worker_all_it_needs(database: &Database) {
    let catalogue = database.connect().await;
    let new = completed(&catalogue, 100).await;
    let job = taken(&catalogue, new.media_id).await;
    assert_eq!(job.fencing_token.get(), 1);
    assert_eq!((job.media_id, job.upload_id), (new.media_id, new.upload_id));
    assert_eq!((&job.tenant, &job.user_id), (&tenant(), &user()));
    assert_eq!((job.source_key, job.file_name), (new.source_key, new.file_name));
    assert_eq!((job.source_etag.as_str(), job.size_bytes), ("\"etag-1\"", 20_000_000));
    assert_eq!(job.current, None);
    assert_eq!(catalogue.media(new.media_id).await.unwrap().unwrap().state, MediaState::Processing);

    let version = rendition(new.media_id, 1, "bytes", "inputs");
    assert_eq!(catalogue.rendition_for(new.media_id, "inputs").await.unwrap(), None);
    publish(&catalogue, new.media_id, job.fencing_token, &version).await;
    let again = taken(&catalogue, new.media_id).await;
    assert_eq!(again.fencing_token.get(), 2);
    let current = again.current.unwrap();
    assert_eq!(catalogue.rendition_for(new.media_id, "inputs").await.unwrap(), Some(current.clone()));
    assert_eq!((current.version, current.key, current.digest), (1, version.key, version.digest.to_hex()));
    assert_eq!((current.width, current.height, current.size_bytes), (4_000, 3_000, 123_456));
    assert_eq!((current.job_ms, current.created_at_ms, current.template.as_str()), (321, 700, "catalogue"));
    assert_eq!(catalogue.media(new.media_id).await.unwrap().unwrap().state, MediaState::Ready, "ready stays ready");
}

pub(crate) async fn there_is_nothing_to_take_before_the_original_is_whole(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    assert_eq!(begin(&catalogue, new.media_id, 200).await, JobStart::Nothing);
    catalogue.abort_upload(new.upload_id, 300).await.unwrap();
    assert_eq!(begin(&catalogue, new.media_id, 400).await, JobStart::Nothing);
    assert_eq!(begin(&catalogue, MediaId::from_uuid(Uuid::now_v7()), 400).await, JobStart::Nothing);
}

pub(crate) async fn another_entrys_job_waits_while_one_is_alive(database: &Database) {
    let catalogue = database.connect().await;
    let new = completed(&catalogue, 100).await;
    let job = taken(&catalogue, new.media_id).await;
    let ask = async |alive_since_ms| catalogue.begin_job(new.media_id, "2-0", alive_since_ms, 600).await.unwrap();
    // The first job began at 500.
    assert_eq!(ask(500).await, JobStart::Busy);
    // The same entry takes over at once, and one that is not heard of for too long loses the picture.
    assert_eq!(taken(&catalogue, new.media_id).await.fencing_token.get(), 2);
    assert_eq!(ask(501).await.taken().unwrap().fencing_token.get(), 3);
    assert_eq!(begin(&catalogue, new.media_id, 700).await, JobStart::Busy);
    // An older job's end frees nothing; the newest one's does.
    catalogue.end_job(new.media_id, job.fencing_token).await.unwrap();
    assert_eq!(begin(&catalogue, new.media_id, 700).await, JobStart::Busy);
    let newest = ask(0).await.taken().unwrap();
    catalogue.end_job(new.media_id, newest.fencing_token).await.unwrap();
    let last = taken(&catalogue, new.media_id).await;
    // So does publishing.
    publish(&catalogue, new.media_id, last.fencing_token, &rendition(new.media_id, 1, "bytes", "inputs")).await;
    assert!(matches!(ask(0).await, JobStart::Taken(_)));
}

pub(crate) async fn racing_jobs_get_distinct_tokens(database: &Database) {
    let catalogue = database.connect().await;
    let new = completed(&catalogue, 100).await;
    let jobs = join_all((0..20).map(|_| {
        let catalogue = catalogue.clone();
        async move { taken(&catalogue, new.media_id).await.fencing_token }
    }))
    .await;
    assert_eq!(jobs.iter().copied().collect::<HashSet<_>>().len(), 20);
    assert_eq!(jobs.iter().max().unwrap().get(), 20);
}

pub(crate) async fn a_version_is_published_once(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let token = taken(&catalogue, media_id).await.fencing_token;
    let version = rendition(media_id, 1, "bytes", "inputs");
    publish(&catalogue, media_id, token, &version).await;

    // The same call again (its answer was lost), the same bytes from other inputs, other bytes from the same inputs.
    let newer = taken(&catalogue, media_id).await.fencing_token;
    for (token, repeat) in [
        (token, version.clone()),
        (newer, version.clone()),
        (newer, rendition(media_id, 2, "bytes", "other inputs")),
        (newer, rendition(media_id, 2, "other bytes", "inputs")),
    ] {
        let event = watermarked(media_id, repeat.version);
        let outcome = catalogue.publish_version(media_id, token, &repeat, &event, 800).await.unwrap();
        let PublishOutcome::AlreadyPublished(rendition) = outcome else { panic!("{outcome:?}") };
        assert_eq!((rendition.version, rendition.key), (1, version.key.clone()));
    }
    assert_eq!(waiting(&catalogue, Topic::MediaWatermarked).await.len(), 1);
    assert_eq!(catalogue.media(media_id).await.unwrap().unwrap().current.unwrap().version, 1);
}

pub(crate) async fn only_the_newest_job_publishes(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let old = taken(&catalogue, media_id).await.fencing_token;
    let new = taken(&catalogue, media_id).await.fencing_token;
    let (of_old, of_new) = (rendition(media_id, 1, "old", "old"), rendition(media_id, 1, "new", "new"));
    let (event_of_old, event_of_new) = (watermarked(media_id, 1), watermarked(media_id, 1));
    let (by_old, by_new) = tokio::join!(
        catalogue.publish_version(media_id, old, &of_old, &event_of_old, 700),
        catalogue.publish_version(media_id, new, &of_new, &event_of_new, 700)
    );
    assert!(matches!(by_old.unwrap(), PublishOutcome::Stale { newest, .. } if newest == new));
    assert!(matches!(by_new.unwrap(), PublishOutcome::Published(_)));
    let media = catalogue.media(media_id).await.unwrap().unwrap();
    assert_eq!(media.state, MediaState::Ready);
    assert_eq!(media.current.unwrap().digest, of_new.digest.to_hex());
    assert_eq!(waiting(&catalogue, Topic::MediaWatermarked).await, [event_of_new]);
}

pub(crate) async fn versions_only_go_up_by_one(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let token = taken(&catalogue, media_id).await.fencing_token;
    for version in [0, 2, u32::MAX] {
        let skipping = rendition(media_id, version, "x", "x");
        let event = watermarked(media_id, version);
        let outcome = catalogue.publish_version(media_id, token, &skipping, &event, 700).await.unwrap();
        assert_eq!(outcome, PublishOutcome::Stale { newest: token, current_version: 0 });
    }
    for version in 1..=3 {
        let token = taken(&catalogue, media_id).await.fencing_token;
        let name = version.to_string();
        publish(&catalogue, media_id, token, &rendition(media_id, version, &name, &name)).await;
    }
    let token = taken(&catalogue, media_id).await.fencing_token;
    let back = rendition(media_id, 3, "y", "y");
    let outcome = catalogue.publish_version(media_id, token, &back, &watermarked(media_id, 3), 700).await.unwrap();
    assert_eq!(outcome, PublishOutcome::Stale { newest: token, current_version: 3 });
    assert_eq!(catalogue.media(media_id).await.unwrap().unwrap().current.unwrap().version, 3);
}

pub(crate) async fn racing_publications_leave_one_current_version(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    // Every worker takes the picture and renders the next version from its own inputs, all at once.
    let outcomes = join_all((0..12).map(|worker| {
        let catalogue = catalogue.clone();
        async move {
            let job = taken(&catalogue, media_id).await;
            let version = job.current.map_or(1, |current| current.version + 1);
            let name = format!("worker {worker}");
            let new = rendition(media_id, version, &name, &name);
            let event = watermarked(media_id, version);
            catalogue.publish_version(media_id, job.fencing_token, &new, &event, 700).await.unwrap()
        }
    }))
    .await;
    let mut published: Vec<u32> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            PublishOutcome::Published(rendition) => Some(rendition.version),
            _ => None,
        })
        .collect();
    published.sort_unstable();
    let count = published.len() as u32;
    assert!(count >= 1, "the newest job always gets through");
    assert_eq!(published, (1..=count).collect::<Vec<_>>(), "no version twice, none left out");
    assert_eq!(catalogue.media(media_id).await.unwrap().unwrap().current.unwrap().version, count);
    assert_eq!(waiting(&catalogue, Topic::MediaWatermarked).await.len(), count as usize);
}

pub(crate) async fn a_failed_picture_has_one_dead_letter_and_one_event(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let token = taken(&catalogue, media_id).await.fencing_token;
    for _ in 0..2 {
        let letter = dead_letter(media_id, "event-1");
        let outcome = catalogue.fail_media(media_id, token, &letter, &failed(media_id), 900).await.unwrap();
        assert_eq!(outcome, FailOutcome::Failed);
    }
    let media = catalogue.media(media_id).await.unwrap().unwrap();
    assert_eq!(media.state, MediaState::Failed);
    assert_eq!(media.failure.unwrap().code, FailureCode::BrokenImage);
    let letters = catalogue.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].media_id, letters[0].tenant.clone()), (Some(media_id), Some(tenant())));
    assert_eq!(waiting(&catalogue, Topic::MediaFailed).await.len(), 1);

    // A redelivery finds nothing to do, and the failed job cannot publish after all.
    assert_eq!(begin(&catalogue, media_id, 950).await, JobStart::Nothing);
    let late = rendition(media_id, 1, "late", "late");
    let outcome = catalogue.publish_version(media_id, token, &late, &watermarked(media_id, 1), 950).await.unwrap();
    assert!(matches!(outcome, PublishOutcome::Stale { .. }));
}

pub(crate) async fn an_old_job_cannot_fail_a_picture(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let old = taken(&catalogue, media_id).await.fencing_token;
    let new = taken(&catalogue, media_id).await.fencing_token;
    let letter = dead_letter(media_id, "event-1");
    let outcome = catalogue.fail_media(media_id, old, &letter, &failed(media_id), 900).await.unwrap();
    assert_eq!(outcome, FailOutcome::Stale);
    publish(&catalogue, media_id, new, &rendition(media_id, 1, "bytes", "inputs")).await;
    let outcome = catalogue.fail_media(media_id, old, &letter, &failed(media_id), 900).await.unwrap();
    assert_eq!(outcome, FailOutcome::Stale);
    assert_eq!(catalogue.media(media_id).await.unwrap().unwrap().state, MediaState::Ready);
    assert!(catalogue.dead_letters(10).await.unwrap().is_empty());
    assert!(waiting(&catalogue, Topic::MediaFailed).await.is_empty());
}

pub(crate) async fn a_picture_with_a_version_stays_ready(database: &Database) {
    let catalogue = database.connect().await;
    let media_id = completed(&catalogue, 100).await.media_id;
    let token = taken(&catalogue, media_id).await.fencing_token;
    publish(&catalogue, media_id, token, &rendition(media_id, 1, "bytes", "inputs")).await;
    let token = taken(&catalogue, media_id).await.fencing_token;
    for _ in 0..2 {
        let letter = dead_letter(media_id, "event-2");
        let outcome = catalogue.fail_media(media_id, token, &letter, &failed(media_id), 900).await.unwrap();
        assert_eq!(outcome, FailOutcome::VersionKept);
    }
    let media = catalogue.media(media_id).await.unwrap().unwrap();
    assert_eq!((media.state, media.failure), (MediaState::Ready, None));
    assert_eq!(media.current.unwrap().version, 1);
    assert_eq!(catalogue.dead_letters(10).await.unwrap().len(), 1);
    assert!(waiting(&catalogue, Topic::MediaFailed).await.is_empty());
}

pub(crate) async fn an_unknown_picture_is_a_typed_error(database: &Database) {
    let catalogue = database.connect().await;
    let known = completed(&catalogue, 100).await.media_id;
    let token = taken(&catalogue, known).await.fencing_token;
    let media_id = MediaId::from_uuid(Uuid::now_v7());
    let new = rendition(media_id, 1, "bytes", "inputs");
    let error = catalogue.publish_version(media_id, token, &new, &watermarked(media_id, 1), 1).await.unwrap_err();
    assert!(matches!(error, CatalogueError::MediaNotFound { media_id: named } if named == media_id));
    let letter = dead_letter(media_id, "event-1");
    let error = catalogue.fail_media(media_id, token, &letter, &failed(media_id), 1).await.unwrap_err();
    assert!(matches!(error, CatalogueError::MediaNotFound { .. }) && !error.is_transient());
    assert_eq!(catalogue.media(media_id).await.unwrap(), None);
}
