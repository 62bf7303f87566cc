//! Many uploads at once, content that is known, and what is left to sweep.

use sealmark_catalogue::{CatalogueError, CreateOutcome, KnownContent, NewChallenge, NewUpload, WholeUpload};
use sealmark_protocol::{
    ByteRange, Challenge, Checksum, Integrity, MediaState, PartNumber, Sha256Digest, TenantId, Topic, UploadId, UserId,
    plan_parts,
};
use uuid::Uuid;

use crate::fixture::{Database, completed, new_upload, open, tenant, uploaded, user, waiting, whole, with_key};

fn part(text: &str) -> (PartNumber, Checksum) {
    (PartNumber::new(1).unwrap(), Checksum::Sha256(Sha256Digest::of(text.as_bytes())))
}

pub(crate) async fn many_uploads_are_made_in_one_step(database: &Database) {
    let catalogue = database.connect().await;
    assert!(catalogue.create_uploads(&[]).await.unwrap().is_empty());
    let taken = with_key(new_upload(50), "key-1", "request-1");
    catalogue.create_upload(&taken).await.unwrap();

    let mut new: Vec<NewUpload> = (0..100).map(|_| NewUpload { parts: vec![part("a")], ..new_upload(100) }).collect();
    new[3] = with_key(new_upload(100), "key-1", "request-1");
    new[4] = with_key(new_upload(100), "key-1", "request-2");
    new[5] = with_key(new_upload(100), "key-2", "request-2");
    new[6] = with_key(new_upload(100), "key-2", "request-2");
    new[7].upload_id = taken.upload_id;
    let outcomes = catalogue.create_uploads(&new).await.unwrap();
    assert_eq!(outcomes.len(), 100);
    for (index, (outcome, new)) in outcomes.iter().zip(&new).enumerate() {
        match (index, outcome) {
            (3, Ok(CreateOutcome::Existing(row))) => assert_eq!(row.upload_id, taken.upload_id),
            (4, Err(CatalogueError::IdempotencyConflict { upload_id })) => assert_eq!(*upload_id, taken.upload_id),
            (6, Ok(CreateOutcome::Existing(_))) => {}
            (7, Err(CatalogueError::IdTaken { .. })) => {}
            (_, Ok(CreateOutcome::Created(row))) => assert_eq!(row.upload_id, new.upload_id),
            (index, outcome) => panic!("{index}: {outcome:?}"),
        }
    }
    // What was refused left no picture behind.
    assert_eq!(catalogue.list_media(&tenant(), &user(), 1_000).await.unwrap().len(), 97);
    let kept = catalogue.part_checksums(new[99].upload_id, Integrity::Sha256).await.unwrap();
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [part("a")]);
    let ids: Vec<UploadId> = new.iter().map(|new| new.upload_id).collect();
    assert_eq!(catalogue.uploads(&tenant(), &user(), &ids).await.unwrap().len(), 97);
    assert!(catalogue.uploads(&tenant(), &UserId::new("max").unwrap(), &ids).await.unwrap().is_empty());
    assert_eq!(catalogue.count_open_uploads(&tenant(), &user(), 1_000).await.unwrap(), 97);
    assert_eq!(catalogue.count_open_uploads(&tenant(), &user(), 5).await.unwrap(), 5);
}

pub(crate) async fn many_are_completed_in_one_step(database: &Database) {
    let catalogue = database.connect().await;
    let (first, second, aborted) = (open(&catalogue, 1).await, open(&catalogue, 2).await, open(&catalogue, 3).await);
    let done = completed(&catalogue, 4).await;
    catalogue.abort_upload(aborted.upload_id, 5).await.unwrap();
    let mut all: Vec<WholeUpload> =
        [&first, &aborted, &done, &second].map(|new| whole(new.upload_id, "\"e\"", 9, &uploaded(new))).to_vec();
    all.push(whole(UploadId::from_uuid(Uuid::now_v7()), "\"e\"", 9, &uploaded(&first)));
    let outcomes = catalogue.complete_uploads(&all, 10).await.unwrap();
    let shown: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(|done| (done.media.state, done.repeated)).map_err(ToString::to_string))
        .collect();
    assert_eq!(shown[0], Ok((MediaState::Uploaded, false)));
    assert!(matches!(outcomes[1], Err(CatalogueError::UploadAborted { .. })));
    assert_eq!(shown[2], Ok((MediaState::Uploaded, true)));
    assert_eq!(shown[3], Ok((MediaState::Uploaded, false)));
    assert!(matches!(outcomes[4], Err(CatalogueError::UploadNotFound { .. })));
    assert_eq!(waiting(&catalogue, Topic::MediaUploaded).await.len(), 3);
}

pub(crate) async fn content_is_known_within_its_tenant(database: &Database) {
    let catalogue = database.connect().await;
    let content = Sha256Digest::of(b"content");
    let new = open(&catalogue, 1).await;
    let wanted = [(content, new.plan)];
    assert!(catalogue.known_contents(&tenant(), &wanted).await.unwrap().is_empty());
    let mut done = whole(new.upload_id, "\"e\"", 9, &uploaded(&new));
    done.content = Some(content);
    catalogue.complete_upload(&done, 10).await.unwrap();
    let known = catalogue.known_contents(&tenant(), &wanted).await.unwrap();
    let expected =
        KnownContent { source_key: new.source_key, source_etag: "\"e\"".to_owned(), content, plan: new.plan };
    assert_eq!(known[&wanted[0]], expected);
    // Of several the newest is offered, whichever was completed last.
    let mut newest = KnownContent { source_key: String::new(), ..expected };
    for now_ms in [3, 4, 2] {
        let new = open(&catalogue, now_ms).await;
        let mut done = whole(new.upload_id, "\"e\"", 9, &uploaded(&new));
        done.content = Some(content);
        catalogue.complete_upload(&done, 20 - now_ms).await.unwrap();
        if now_ms == 4 {
            newest.source_key = new.source_key;
        }
    }
    assert_eq!(catalogue.known_contents(&tenant(), &wanted).await.unwrap()[&wanted[0]], newest);
    for (tenant, content, plan) in [
        (TenantId::new("other").unwrap(), content, new.plan),
        (tenant(), Sha256Digest::of(b"other"), new.plan),
        (tenant(), content, plan_parts(20_000_000, 5 << 20).unwrap()),
        (tenant(), content, plan_parts(20_000_001, 8 << 20).unwrap()),
    ] {
        assert!(catalogue.known_contents(&tenant, &[(content, plan)]).await.unwrap().is_empty(), "{plan:?}");
    }
}

pub(crate) async fn a_challenge_is_taken_once(database: &Database) {
    let catalogue = database.connect().await;
    let challenge = |expires_at_ms| NewChallenge {
        challenge: Challenge { nonce: "n".repeat(64), ranges: vec![ByteRange { offset: 7, length: 4_096 }] },
        known: KnownContent {
            source_key: "raw/acme/mia/x".to_owned(),
            source_etag: "\"e\"".to_owned(),
            content: Sha256Digest::of(b"content"),
            plan: new_upload(1).plan,
        },
        expires_at_ms,
    };
    let new = NewUpload { challenge: Some(challenge(1_000)), ..new_upload(1) };
    catalogue.create_upload(&new).await.unwrap();
    let asked = catalogue.challenge(new.upload_id, new.plan, 999).await.unwrap();
    assert_eq!(asked, Some(challenge(1_000)));
    let taken = futures::future::join_all((0..8).map(|_| {
        let catalogue = catalogue.clone();
        let (id, plan) = (new.upload_id, new.plan);
        async move { catalogue.take_challenge(id, plan, 999).await.unwrap() }
    }))
    .await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [challenge(1_000)]);
    assert_eq!(catalogue.challenge(new.upload_id, new.plan, 999).await.unwrap(), None);

    let late = NewUpload { challenge: Some(challenge(1_000)), ..new_upload(1) };
    catalogue.create_upload(&late).await.unwrap();
    assert_eq!(catalogue.challenge(late.upload_id, late.plan, 1_000).await.unwrap(), None);
    catalogue.prune_challenges(999, 10).await.unwrap();
    assert!(catalogue.challenge(late.upload_id, late.plan, 999).await.unwrap().is_some());
    catalogue.prune_challenges(1_000, 10).await.unwrap();
    assert_eq!(catalogue.take_challenge(late.upload_id, late.plan, 999).await.unwrap(), None);
}

pub(crate) async fn aborted_uploads_are_swept_once(database: &Database) {
    let catalogue = database.connect().await;
    let (old, new) = (open(&catalogue, 1).await, open(&catalogue, 1).await);
    open(&catalogue, 1).await;
    completed(&catalogue, 1).await;
    catalogue.abort_upload(old.upload_id, 100).await.unwrap();
    catalogue.abort_upload(new.upload_id, 200).await.unwrap();
    let unswept = async |before| -> Vec<UploadId> {
        let rows = catalogue.unswept_uploads(before, 10).await.unwrap();
        rows.iter().map(|row| row.upload_id).collect()
    };
    assert_eq!(unswept(200).await, [old.upload_id]);
    assert_eq!(unswept(201).await, [old.upload_id, new.upload_id]);
    catalogue.mark_swept(&[old.upload_id], 300).await.unwrap();
    assert_eq!(unswept(201).await, [new.upload_id]);
}

pub(crate) async fn news_are_the_owners_since_a_time(database: &Database) {
    let catalogue = database.connect().await;
    let (old, new) = (open(&catalogue, 100).await, open(&catalogue, 200).await);
    let mut neighbour = new_upload(300);
    neighbour.user_id = UserId::new("max").unwrap();
    catalogue.create_upload(&neighbour).await.unwrap();
    let since = async |since_ms| -> Vec<_> {
        let changed = catalogue.media_changed_since(&tenant(), &user(), since_ms, 10).await.unwrap();
        changed.into_iter().map(|(at_ms, media)| (at_ms, media.media_id)).collect()
    };
    assert_eq!(since(101).await, [(200, new.media_id)]);
    catalogue.complete_upload(&whole(old.upload_id, "\"e\"", 9, &uploaded(&old)), 400).await.unwrap();
    assert_eq!(since(101).await, [(200, new.media_id), (400, old.media_id)]);

    let ids = [neighbour.media_id, old.media_id];
    let owned = catalogue.media_with_owners(&ids).await.unwrap();
    assert_eq!(owned.len(), 2);
    assert!(owned.iter().any(|owned| owned.media.media_id == neighbour.media_id && owned.user_id.as_str() == "max"));
    let mine = catalogue.media_of_owner_by_ids(&tenant(), &user(), &ids).await.unwrap();
    assert_eq!(mine.iter().map(|media| media.media_id).collect::<Vec<_>>(), [old.media_id]);
}
