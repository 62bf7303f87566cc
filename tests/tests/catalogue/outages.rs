//! Several catalogues on one database at once, and databases that go away.

use futures::future::join_all;
use sealmark_catalogue::{Catalogue, CatalogueError};
use sealmark_protocol::MediaState;
use sealmark_tests::{line::root, postgres::Postgres, process::wait_for};

use crate::fixture::{Database, completed, new_upload, open, publish, rendition, taken, tenant, uploaded, user, whole};

pub(crate) async fn many_may_open_an_empty_database_at_once(database: &Database) {
    let started = join_all((0..8).map(|_| {
        let url = database.url.clone();
        tokio::spawn(async move { Catalogue::connect(&url).await })
    }))
    .await;
    for catalogue in started {
        completed(&catalogue.unwrap().unwrap(), 100).await;
    }
    assert_eq!(database.connect().await.outbox_batch(100).await.unwrap().len(), 8);
}

pub(crate) async fn two_pools_write_at_the_same_time(database: &Database) {
    let pools = [database.connect().await, database.connect().await];
    // Every call is unwrapped: "database is locked" would end the test.
    let writers = (0..16).map(|writer| {
        let catalogue = pools[writer % 2].clone();
        tokio::spawn(async move {
            for round in 0..10 {
                let media_id = completed(&catalogue, 100).await.media_id;
                let token = taken(&catalogue, media_id).await.fencing_token;
                let name = format!("{writer}/{round}");
                publish(&catalogue, media_id, token, &rendition(media_id, 1, &name, &name)).await;
                assert_eq!(catalogue.media(media_id).await.unwrap().unwrap().state, MediaState::Ready);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    assert_eq!(pools[0].list_media(&tenant(), &user(), 1_000).await.unwrap().len(), 160);
    assert_eq!(pools[1].outbox_backlog(0).await.unwrap().count, 320);
}

pub(crate) async fn a_newer_schema_is_refused(database: &Database) {
    database.connect().await.close().await;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&database.url).await.unwrap();
    // What a migration of a later release leaves behind.
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2").execute(&pool).await.unwrap();
    pool.close().await;
    let error = Catalogue::connect(&database.url).await.unwrap_err();
    assert!(matches!(error, CatalogueError::Migration { .. }) && !error.is_transient(), "{error:?}");
}

pub(crate) async fn a_database_of_the_first_days_goes_on(database: &Database) {
    sqlx::any::install_default_drivers();
    let old = root().join("tests/tests/catalogue/before_ba3290e");
    // An empty SQLite file is a database, and PostgreSQL needs none.
    if let Some(file) = database.url.strip_prefix("sqlite://") {
        std::fs::write(file, "").unwrap();
    }
    let pool = sqlx::AnyPool::connect(&database.url).await.unwrap();
    sqlx::migrate::Migrator::new(old).await.unwrap().run(&pool).await.unwrap();
    pool.close().await;
    let started = join_all((0..4).map(|_| {
        let url = database.url.clone();
        tokio::spawn(async move { Catalogue::connect(&url).await })
    }))
    .await;
    for catalogue in started {
        let catalogue = catalogue.unwrap().unwrap();
        // A job needs the columns that came later.
        taken(&catalogue, completed(&catalogue, 100).await.media_id).await;
    }
    assert_eq!(database.connect().await.list_media(&tenant(), &user(), 100).await.unwrap().len(), 4);
}

pub(crate) async fn a_closed_catalogue_fails_as_transient(database: &Database) {
    let catalogue = database.connect().await;
    let new = open(&catalogue, 100).await;
    catalogue.close().await;
    assert!(catalogue.media(new.media_id).await.unwrap_err().is_transient());
    assert!(catalogue.create_upload(&new_upload(100)).await.unwrap_err().is_transient());
    let again = database.connect().await;
    assert!(again.media(new.media_id).await.unwrap().is_some());
}

#[tokio::test]
async fn urls_that_name_no_usable_database_are_refused() {
    for url in ["mysql://root:hunter2@127.0.0.1/x", "", "catalogue.db", "sqlite::memory:", "sqlite:", "sqlite://"] {
        let error = Catalogue::connect(url).await.unwrap_err();
        assert!(matches!(error, CatalogueError::UnsupportedUrl { .. }), "{url}: {error:?}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    let error = Catalogue::connect("sqlite:///nowhere/at/all/catalogue.db").await.unwrap_err();
    assert!(error.is_transient(), "the folder may be mounted later: {error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pool_survives_a_crash_of_postgresql() {
    let mut server = Postgres::start().await.unwrap();
    let catalogue = Catalogue::connect(&server.database().await.unwrap()).await.unwrap();
    let before = completed(&catalogue, 100).await;

    // Writers work until the crash stops them. What they were told is done must be there afterwards.
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let catalogue = catalogue.clone();
            tokio::spawn(async move {
                let mut done = Vec::new();
                loop {
                    let new = new_upload(100);
                    if let Err(error) = catalogue.create_upload(&new).await {
                        return (done, error);
                    }
                    match catalogue.complete_upload(&whole(new.upload_id, "\"e\"", 9, &uploaded(&new)), 200).await {
                        Ok(_) => done.push(new),
                        Err(error) => return (done, error),
                    }
                }
            })
        })
        .collect();
    wait_for("the writers to get going", async || {
        let written = catalogue.list_media(&tenant(), &user(), 100).await.unwrap().len();
        (written > 20).then_some(())
    })
    .await
    .unwrap();
    server.crash().await.unwrap();

    let mut acknowledged = vec![before];
    for writer in writers {
        let (done, error) = writer.await.unwrap();
        assert!(error.is_transient(), "{error:?}");
        acknowledged.extend(done);
    }
    let error = catalogue.check().await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");

    server.start_again().await.unwrap();
    wait_for("the pool to find the server again", async || catalogue.check().await.ok()).await.unwrap();
    for new in &acknowledged {
        let media = catalogue.media(new.media_id).await.unwrap().expect("an acknowledged upload is lost");
        assert_eq!(media.state, MediaState::Uploaded);
    }
    let events = catalogue.outbox_backlog(0).await.unwrap().count;
    let uploaded = catalogue.stalled_media(i64::MAX, 10_000).await.unwrap();
    assert!(uploaded.is_empty(), "pictures without an event: {uploaded:?}");
    assert!(events >= acknowledged.len() as u64);
    completed(&catalogue, 300).await;

    server.stop().unwrap();
    let error = catalogue.check().await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
}
