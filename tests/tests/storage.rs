//! One behaviour suite for every S3 store, against real servers.
//!
//! Where a store deviates, the difference stands in its [`Guarantees`](server::Guarantees) and is checked like all
//! else: a store that changes its mind fails the suite.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is the assertion that nothing failed")]

#[path = "storage/bucket.rs"]
mod bucket;
#[path = "storage/crash.rs"]
mod crash;
#[path = "storage/forgery.rs"]
mod forgery;
#[path = "storage/forms.rs"]
mod forms;
#[path = "storage/listing.rs"]
mod listing;
#[path = "storage/multipart.rs"]
mod multipart;
#[path = "storage/objects.rs"]
mod objects;
#[path = "storage/raw_http.rs"]
mod raw_http;
#[path = "storage/server.rs"]
mod server;
#[path = "storage/suite.rs"]
mod suite;

use std::io::Write;

use anyhow::{Context, Result};
use server::{Kind, Server};
use suite::Suite;

/// Set to `1`, it leaves MinIO out where it cannot be had, loudly.
const SKIP_MINIO: &str = "SEALMARK_SKIP_MINIO";
const HOW_TO_SKIP: &str = "MinIO does not start; where it cannot be had, SEALMARK_SKIP_MINIO=1 leaves it out";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seaweedfs_keeps_the_contract() -> Result<()> {
    keeps_the_contract(Server::start(Kind::SeaweedFs).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minio_keeps_the_contract() -> Result<()> {
    if skips_minio("minio_keeps_the_contract") {
        return Ok(());
    }
    keeps_the_contract(Server::start(Kind::Minio).await.context(HOW_TO_SKIP)?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seaweedfs_keeps_acknowledged_parts_through_a_crash() -> Result<()> {
    crash::acknowledged_parts_survive(Server::start(Kind::SeaweedFs).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minio_keeps_acknowledged_parts_through_a_crash() -> Result<()> {
    if skips_minio("minio_keeps_acknowledged_parts_through_a_crash") {
        return Ok(());
    }
    crash::acknowledged_parts_survive(Server::start(Kind::Minio).await.context(HOW_TO_SKIP)?).await
}

async fn keeps_the_contract(server: Server) -> Result<()> {
    let suite = Suite::around(&server)?;
    suite.set_up().await?;
    suite
        .run(&[
            ("bucket: set up twice", &|s| Box::pin(bucket::set_up_twice(s))),
            ("bucket: other origins", &|s| Box::pin(bucket::other_origins_replace_the_old(s))),
            ("bucket: browsers are answered", &|s| Box::pin(bucket::browsers_are_answered(s))),
            ("bucket: private", &|s| Box::pin(bucket::strangers_get_nothing(s))),
            ("bucket: missing, and a wrong secret", &|s| Box::pin(bucket::missing_and_denied(s))),
            ("multipart: roundtrip", &|s| Box::pin(multipart::roundtrip(s))),
            ("multipart: complete twice", &|s| Box::pin(multipart::complete_twice(s))),
            ("multipart: abort twice", &|s| Box::pin(multipart::abort_twice(s))),
            ("multipart: all pages of parts", &|s| Box::pin(multipart::all_pages_of_parts(s))),
            ("multipart: a part sent again", &|s| Box::pin(multipart::a_part_sent_again(s))),
            ("multipart: wrong lists of parts", &|s| Box::pin(multipart::wrong_lists_of_parts(s))),
            ("multipart: other kinds of checksum", &|s| Box::pin(multipart::other_kinds_of_checksum(s))),
            ("forgery: the signed part alone", &|s| Box::pin(forgery::only_the_signed_part(s))),
            ("forgery: expired", &|s| Box::pin(forgery::an_expired_url(s))),
            ("forgery: paths out of the bucket", &|s| Box::pin(forgery::paths_out_of_the_bucket(s))),
            ("forms: the signed bytes alone", &|s| Box::pin(forms::the_signed_bytes_and_no_others(s))),
            ("forms: nothing but what is signed", &|s| Box::pin(forms::nothing_but_what_is_signed(s))),
            ("forms: expired", &|s| Box::pin(forms::not_for_long(s))),
            ("forms: ranges and copies", &|s| Box::pin(forms::ranges_and_copies(s))),
            ("objects: write once", &|s| Box::pin(objects::write_once(s))),
            ("objects: limits", &|s| Box::pin(objects::limits(s))),
            ("objects: missing", &|s| Box::pin(objects::missing(s))),
            ("listing: all pages", &|s| Box::pin(listing::all_pages(s))),
            ("listing: every name", &|s| Box::pin(listing::every_name(s))),
            ("listing: as it was listed", &|s| Box::pin(listing::as_it_was_listed(s))),
            ("objects: presigned GET", &|s| Box::pin(objects::presigned_get(s))),
        ])
        .await
}

fn skips_minio(test: &str) -> bool {
    let skips = std::env::var_os(SKIP_MINIO).is_some_and(|value| value == "1");
    if skips {
        // Written past the test harness, which would swallow what a passing test prints.
        let line = format!("\n!!! SKIPPED {test}: {SKIP_MINIO}=1, nothing was tested against MinIO !!!\n\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    skips
}
