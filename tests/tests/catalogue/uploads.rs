//! Uploads: creation, parts, completion, abort.

use std::collections::HashSet;

use futures::future::join_all;
use sealmark_catalogue::{CatalogueError, CreateOutcome, IdempotencyKey, NewUpload, Transport};
use sealmark_protocol::{
    Checksum, Crc64Nvme, Integrity, MediaState, PartNumber, Sha256Digest, TenantId, Topic, UploadId, UploadState,
    UserId,
};
use uuid::Uuid;

use crate::fixture::{Database, completed, new_upload, open, tenant, uploaded, user, waiting, whole, with_key};

pub(crate) async fn a_new_upload_is_there_for_its_owner_only(database: &Database) {
    let catalogue = database.connect().await;
    catalogue.check().await.unwrap();
    let new = new_upload(100);
    let CreateOutcome::Created(created) = catalogue.create_upload(&new).await.unwrap() else { panic!("not created") };
    let found = catalogue.upload(&tenant(), &user(), new.upload_id).await.unwrap().unwrap();
    assert_eq!(found, created);
    assert_eq!(found.state, UploadState::Open);
    assert_eq!(found.plan, new.plan);
    assert_eq!((&found.transport, found.integrity), (&new.transport, new.integrity));
    assert_eq!(found.to_upload().plan(), new.plan);

    let other_user = UserId::new("max").unwrap();
    let other_tenant = TenantId::new("other").unwrap();
    assert_eq!(catalogue.upload(&tenant(), &other_user, new.upload_id).await.unwrap(), None);
    assert_eq!(catalogue.upload(&other_tenant, &user(), new.upload_id).await.unwrap(), None);
    assert_eq!(catalogue.media_of_owner(&tenant(), &other_user, new.media_id).await.unwrap(), None);
    assert_eq!(catalogue.media_of_owner(&other_tenant, &user(), new.media_id).await.unwrap(), None);

    let media = catalogue.media(new.media_id).await.unwrap().unwrap();
    assert_eq!(catalogue.media_of_owner(&tenant(), &user(), new.media_id).await.unwrap(), Some(media.clone()));
    assert_eq!((media.state, media.upload_id), (MediaState::Uploading, new.upload_id));
    assert_eq!((media.uploaded_at_ms, media.current, media.failure), (None, None, None));
    assert!(catalogue.outbox_batch(10).await.unwrap().is_empty());
}

pub(crate) async fn an_idempotency_key_stands_for_one_request(database: &Database) {
    let catalogue = database.connect().await;
    let first = with_key(new_upload(100), "key-1", "request-1");
    let key = first.idempotency_key.clone().unwrap();
    assert_eq!(catalogue.find_by_idempotency_key(&tenant(), &user(), &key).await.unwrap(), None);
    catalogue.create_upload(&first).await.unwrap();

    let found = catalogue.find_by_idempotency_key(&tenant(), &user(), &key).await.unwrap().unwrap();
    assert_eq!(found.upload_id, first.upload_id);
    let repeat = with_key(new_upload(200), "key-1", "request-1");
    assert_eq!(catalogue.create_upload(&repeat).await.unwrap(), CreateOutcome::Existing(found));
    assert_eq!(catalogue.media(repeat.media_id).await.unwrap(), None, "the repeat left a picture behind");

    let conflict = with_key(new_upload(200), "key-1", "request-2");
    let error = catalogue.create_upload(&conflict).await.unwrap_err();
    assert!(matches!(error, CatalogueError::IdempotencyConflict { upload_id } if upload_id == first.upload_id));
    assert!(!error.is_transient());
    let other = IdempotencyKey { request_digest: Sha256Digest::of(b"request-2"), ..key.clone() };
    let error = catalogue.find_by_idempotency_key(&tenant(), &user(), &other).await.unwrap_err();
    assert!(matches!(error, CatalogueError::IdempotencyConflict { .. }));

    // Another user's key of the same name is another key; so is a very long one.
    let mut neighbour = with_key(new_upload(300), "key-1", "request-2");
    neighbour.user_id = UserId::new("max").unwrap();
    assert!(matches!(catalogue.create_upload(&neighbour).await.unwrap(), CreateOutcome::Created(_)));
    let long = with_key(new_upload(300), &"k".repeat(100_000), "request-1");
    assert!(matches!(catalogue.create_upload(&long).await.unwrap(), CreateOutcome::Created(_)));
}

pub(crate) async fn a_lost_answer_may_be_repeated_but_ids_are_not_shared(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    assert!(matches!(catalogue.create_upload(&new).await.unwrap(), CreateOutcome::Existing(_)));

    let mut thief = new_upload(100);
    thief.upload_id = new.upload_id;
    thief.user_id = UserId::new("max").unwrap();
    let error = catalogue.create_upload(&thief).await.unwrap_err();
    assert!(matches!(error, CatalogueError::IdTaken { .. }), "{error:?}");
    assert_eq!(catalogue.media(thief.media_id).await.unwrap(), None);
}

pub(crate) async fn racing_creations_with_one_key_make_one_upload(database: &Database) {
    let catalogue = database.connect().await;
    let outcomes = join_all((0..20).map(|_| {
        let catalogue = catalogue.clone();
        let new = with_key(new_upload(100), "same", "same");
        async move { catalogue.create_upload(&new).await.unwrap() }
    }))
    .await;
    let created = outcomes.iter().filter(|outcome| matches!(outcome, CreateOutcome::Created(_))).count();
    assert_eq!(created, 1);
    let ids: HashSet<UploadId> = outcomes
        .iter()
        .map(|outcome| match outcome {
            CreateOutcome::Created(row) | CreateOutcome::Existing(row) => row.upload_id,
        })
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(catalogue.list_media(&tenant(), &user(), 100).await.unwrap().len(), 1);
}

pub(crate) async fn part_checksums_are_kept_and_replaced(database: &Database) {
    let catalogue = database.connect().await;
    let part = |number| PartNumber::new(number).unwrap();
    let sha256 = |text: &str| Checksum::Sha256(Sha256Digest::of(text.as_bytes()));
    let new = NewUpload { parts: vec![(part(1), sha256("first"))], ..new_upload(100) };
    catalogue.create_upload(&new).await.unwrap();
    let record = async |parts: &[_]| catalogue.record_part_checksums(new.upload_id, parts).await.unwrap();
    let kept = async || -> Vec<_> {
        catalogue.part_checksums(new.upload_id, Integrity::Sha256).await.unwrap().into_iter().collect()
    };
    assert_eq!(kept().await, [(part(1), sha256("first"))]);
    record(&[]).await;
    record(&[(part(2), sha256("b")), (part(1), sha256("a")), (part(2), sha256("B"))]).await;
    record(&[(part(1), sha256("A")), (part(10_000), sha256("z"))]).await;
    assert_eq!(kept().await, [(part(1), sha256("A")), (part(2), sha256("B")), (part(10_000), sha256("z"))]);

    let all: Vec<_> = (1..=1_200).map(|number| (part(number), sha256(&number.to_string()))).collect();
    record(&all).await;
    assert_eq!(kept().await.len(), 1_201);

    let other = NewUpload { integrity: Integrity::Crc64nvme, ..new_upload(100) };
    catalogue.create_upload(&other).await.unwrap();
    let crc = (part(1), Checksum::Crc64nvme(Crc64Nvme::of(b"a")));
    catalogue.record_part_checksums(other.upload_id, &[crc, (part(2), Checksum::None)]).await.unwrap();
    let kept = catalogue.part_checksums(other.upload_id, Integrity::Crc64nvme).await.unwrap();
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [crc]);

    let unknown = UploadId::from_uuid(Uuid::now_v7());
    let error = catalogue.record_part_checksums(unknown, &[(part(1), sha256("a"))]).await.unwrap_err();
    assert!(matches!(error, CatalogueError::UploadNotFound { .. }), "{error:?}");
}

pub(crate) async fn a_form_has_no_upload_in_the_store(database: &Database) {
    let catalogue = database.connect().await;
    for integrity in [Integrity::Sha256, Integrity::Crc64nvme, Integrity::None] {
        let new = NewUpload { transport: Transport::Form, integrity, ..new_upload(100) };
        catalogue.create_upload(&new).await.unwrap();
        let found = catalogue.upload(&tenant(), &user(), new.upload_id).await.unwrap().unwrap();
        assert_eq!((found.transport.clone(), found.integrity), (Transport::Form, integrity));
        assert_eq!(found.to_upload().integrity, integrity);
    }
}

pub(crate) async fn completing_is_one_step_and_happens_once(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    let event = uploaded(&new);
    let done = catalogue.complete_upload(&whole(new.upload_id, "\"etag-1\"", 20_000_000, &event), 200).await.unwrap();
    assert!(!done.repeated);
    assert_eq!((done.media.state, done.media.uploaded_at_ms), (MediaState::Uploaded, Some(200)));
    assert_eq!(catalogue.outbox_batch(10).await.unwrap(), [event]);
    let row = catalogue.upload(&tenant(), &user(), new.upload_id).await.unwrap().unwrap();
    assert_eq!(row.state, UploadState::Completed);

    let again = catalogue.complete_upload(&whole(new.upload_id, "\"etag-2\"", 7, &uploaded(&new)), 300).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.media, done.media);
    assert_eq!(catalogue.outbox_batch(10).await.unwrap().len(), 1);

    let unknown = UploadId::from_uuid(Uuid::now_v7());
    let error = catalogue.complete_upload(&whole(unknown, "\"e\"", 1, &uploaded(&new)), 1).await.unwrap_err();
    assert!(matches!(error, CatalogueError::UploadNotFound { upload_id } if upload_id == unknown));
}

pub(crate) async fn racing_completions_write_one_event(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    let done =
        join_all((0..20).map(|_| {
            let (catalogue, new) = (catalogue.clone(), new.clone());
            async move {
                catalogue.complete_upload(&whole(new.upload_id, "\"etag-1\"", 9, &uploaded(&new)), 200).await.unwrap()
            }
        }))
        .await;
    assert_eq!(done.iter().filter(|completion| !completion.repeated).count(), 1);
    assert!(done.iter().all(|completion| completion.media == done[0].media));
    assert_eq!(waiting(&catalogue, Topic::MediaUploaded).await.len(), 1);
}

pub(crate) async fn an_abort_is_final_and_so_is_a_completion(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    assert!(catalogue.abort_upload(new.upload_id, 200).await.unwrap());
    assert!(!catalogue.abort_upload(new.upload_id, 300).await.unwrap());
    assert_eq!(catalogue.media(new.media_id).await.unwrap().unwrap().state, MediaState::Aborted);
    let error = catalogue.complete_upload(&whole(new.upload_id, "\"e\"", 9, &uploaded(&new)), 400).await.unwrap_err();
    assert!(matches!(error, CatalogueError::UploadAborted { .. }));
    assert!(catalogue.outbox_batch(10).await.unwrap().is_empty());

    let whole = completed(&catalogue, 100).await;
    let error = catalogue.abort_upload(whole.upload_id, 200).await.unwrap_err();
    assert!(matches!(error, CatalogueError::UploadCompleted { .. }));
    assert_eq!(catalogue.media(whole.media_id).await.unwrap().unwrap().state, MediaState::Uploaded);
    let error = catalogue.abort_upload(UploadId::from_uuid(Uuid::now_v7()), 1).await.unwrap_err();
    assert!(matches!(error, CatalogueError::UploadNotFound { .. }));
}

pub(crate) async fn a_race_of_abort_and_completion_has_one_winner(database: &Database) {
    let catalogue = database.connect().await;
    for _ in 0..10 {
        let new = open(&catalogue, 100).await;
        let event = uploaded(&new);
        let done = whole(new.upload_id, "\"e\"", 9, &event);
        let (completion, abort) =
            tokio::join!(catalogue.complete_upload(&done, 200), catalogue.abort_upload(new.upload_id, 200));
        let events = waiting(&catalogue, Topic::MediaUploaded).await;
        let sent = events.iter().any(|waiting| waiting.envelope.id == event.envelope.id);
        match catalogue.media(new.media_id).await.unwrap().unwrap().state {
            MediaState::Uploaded => {
                assert!(sent && completion.is_ok());
                assert!(matches!(abort, Err(CatalogueError::UploadCompleted { .. })));
            }
            MediaState::Aborted => {
                assert!(!sent && abort.unwrap());
                assert!(matches!(completion, Err(CatalogueError::UploadAborted { .. })));
            }
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn a_refused_event_undoes_the_completion(database: &Database) {
    let catalogue = database.connect().await;
    let first = open(&catalogue, 100).await;
    let event = uploaded(&first);
    catalogue.complete_upload(&whole(first.upload_id, "\"e\"", 9, &event), 200).await.unwrap();
    let second = open(&catalogue, 100).await;
    // An event id can be used once; the second completion's last statement therefore fails.
    let error = catalogue.complete_upload(&whole(second.upload_id, "\"e\"", 9, &event), 200).await.unwrap_err();
    assert!(matches!(error, CatalogueError::Refused { .. }) && !error.is_transient(), "{error:?}");
    let row = catalogue.upload(&tenant(), &user(), second.upload_id).await.unwrap().unwrap();
    assert_eq!(row.state, UploadState::Open);
    assert_eq!(catalogue.media(second.media_id).await.unwrap().unwrap().state, MediaState::Uploading);
    let done = catalogue.complete_upload(&whole(second.upload_id, "\"e\"", 9, &uploaded(&second)), 300).await.unwrap();
    assert!(!done.repeated);
}

pub(crate) async fn texts_from_outside_are_kept_whatever_they_hold(database: &Database) {
    let catalogue = database.connect().await;
    for name in ["", "'; DROP TABLE media; --", "a\0b", "\u{202e}gpj.exe", &"名".repeat(1_000), "$1 ?1 {}"] {
        let mut new = new_upload(100);
        new.file_name = name.to_owned();
        new.content_type = Some(name.to_owned());
        catalogue.create_upload(&new).await.unwrap();
        // Only the NUL goes, which PostgreSQL cannot keep.
        let expected = name.replace('\0', "\u{fffd}");
        let row = catalogue.upload(&tenant(), &user(), new.upload_id).await.unwrap().unwrap();
        assert_eq!((row.file_name, row.content_type), (expected.clone(), Some(expected)));
        catalogue.complete_upload(&whole(new.upload_id, "\"e\"", 9, &uploaded(&new)), 200).await.unwrap();
        let events = waiting(&catalogue, Topic::MediaUploaded).await;
        assert!(events.iter().any(|event| event.envelope.data["file_name"] == name));
    }
}

pub(crate) async fn a_list_is_the_owners_newest_first(database: &Database) {
    let catalogue = database.connect().await;
    let mut expected = Vec::new();
    for now_ms in [300, 100, 200, 200] {
        expected.push((now_ms, open(&catalogue, now_ms).await.media_id));
    }
    let aborted = open(&catalogue, 400).await;
    catalogue.abort_upload(aborted.upload_id, 500).await.unwrap();
    let mut neighbour = new_upload(400);
    neighbour.user_id = UserId::new("max").unwrap();
    catalogue.create_upload(&neighbour).await.unwrap();

    expected.sort_unstable_by(|a, b| b.cmp(a));
    let list = async |limit| -> Vec<_> {
        let items = catalogue.list_media(&tenant(), &user(), limit).await.unwrap();
        items.into_iter().map(|media| (media.created_at_ms, media.media_id)).collect()
    };
    assert_eq!(list(100).await, expected);
    assert_eq!(list(2).await, expected[..2]);
    assert!(list(0).await.is_empty());
}
