//! The library.

use std::{
    future::pending,
    io::{Seek, Write},
    time::{Duration, SystemTime},
};

use sealmark_protocol::{ErrorCode, FailureCode};
use sealmark_web_client::{
    engine::{Code, Snapshot, Standing},
    native::{Config, NativeError, TokenSource, Uploads},
};
use tempfile::NamedTempFile;

use crate::fake::{Fake, Faults};

const MIB: usize = 1024 * 1024;

fn file(size: usize) -> (NamedTempFile, Vec<u8>) {
    let bytes: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    (file, bytes)
}

fn uploads(fake: &Fake, token: TokenSource) -> Uploads {
    let mut config = Config::new(&fake.base, token);
    config.limits.longest_wait_ms = 5;
    config.limits.patience_ms = 5_000;
    config.limits.look_every_ms = 1;
    Uploads::new(config).unwrap()
}

async fn run(uploads: &mut Uploads) -> (Snapshot, Vec<Snapshot>) {
    let mut seen = Vec::new();
    uploads.run(|snapshot| seen.push(snapshot.clone()), pending()).await;
    (uploads.snapshots().remove(0), seen)
}

#[tokio::test]
async fn every_byte_arrives_whatever_goes_wrong_for_a_while() {
    let faults = Faults {
        expired_tokens: 1,
        busy_signing: 2,
        expired_urls: 2,
        broken_puts: 3,
        broken_streams: 1,
        ..Faults::default()
    };
    let fake = Fake::start(faults).await;
    let (file, bytes) = file(22 * MIB + 17);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(file.path()).unwrap();
    let (last, seen) = run(&mut uploads).await;
    assert_eq!(last.state, Standing::Ready, "{last:?}");
    assert!(fake.object() == bytes, "the object differs from the file");
    assert_eq!(last.acknowledged_bytes, bytes.len() as u64);
    assert!(seen.iter().any(|snapshot| snapshot.sent_bytes > snapshot.acknowledged_bytes), "bytes in flight are seen");
    assert!(seen.iter().any(|snapshot| snapshot.state == Standing::Processing));
    fake.with(|seen| assert_eq!((seen.tokens, seen.idempotency_keys.len()), (2, 1)));
}

#[tokio::test]
async fn where_streams_are_held_back_it_looks() {
    let fake = Fake::start(Faults { broken_streams: 100, ..Faults::default() }).await;
    let (file, _) = file(10);
    let mut uploads = uploads(&fake, TokenSource::Fixed("fixed".into()));
    uploads.add(file.path()).unwrap();
    let (last, _) = run(&mut uploads).await;
    assert_eq!(last.state, Standing::Ready, "{last:?}");
    fake.with(|seen| assert_eq!((seen.streams, seen.looks), (2, 1)));
}

#[tokio::test]
async fn a_picture_that_fails_says_why() {
    let fake = Fake::start(Faults { failing_picture: true, ..Faults::default() }).await;
    let (file, _) = file(10);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(file.path()).unwrap();
    let (last, _) = run(&mut uploads).await;
    assert_eq!(last.error.unwrap().code, Code::Media(FailureCode::BrokenImage));
}

#[tokio::test]
async fn stopping_cancels_on_the_server() {
    let fake = Fake::start(Faults { stuck_puts: true, ..Faults::default() }).await;
    let (file, _) = file(10);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(file.path()).unwrap();
    uploads.run(|_| {}, fake.put_arrived.notified()).await;
    assert_eq!(uploads.snapshots()[0].state, Standing::Cancelled);
    fake.with(|seen| assert!(seen.aborted));
}

#[tokio::test]
async fn a_file_that_shrinks_is_unreadable() {
    let fake = Fake::start(Faults::default()).await;
    let (mut file, _) = file(10);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(file.path()).unwrap();
    file.as_file_mut().set_len(3).unwrap();
    file.rewind().unwrap();
    let (last, _) = run(&mut uploads).await;
    assert_eq!(last.error.unwrap().code, Code::FileChanged);
}

#[tokio::test]
async fn a_file_that_is_written_to_is_not_sent() {
    let fake = Fake::start(Faults::default()).await;
    let (mut file, _) = file(10);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(file.path()).unwrap();
    file.rewind().unwrap();
    file.write_all(b"other").unwrap();
    // The clock of files may stand still for longer than it took us to get here.
    file.as_file().set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
    let (last, _) = run(&mut uploads).await;
    assert_eq!(last.error.unwrap().code, Code::FileChanged);
    fake.with(|seen| assert!(seen.parts.is_empty()));
}

#[tokio::test]
async fn a_refused_token_and_an_absent_server_are_told_apart() {
    let fake = Fake::start(Faults::default()).await;
    let (file, _) = file(10);
    let mut refused = uploads(&fake, TokenSource::Fixed("wrong".into()));
    refused.add(file.path()).unwrap();
    assert_eq!(run(&mut refused).await.0.error.unwrap().code, Code::NoToken);

    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut absent = uploads(&Fake { base, ..fake }, TokenSource::Fixed("fixed".into()));
    absent.add(file.path()).unwrap();
    assert_eq!(run(&mut absent).await.0.error.unwrap().code, Code::Network);
}

#[tokio::test]
async fn an_empty_file_a_folder_and_a_bad_address_are_refused() {
    let fake = Fake::start(Faults::default()).await;
    let (empty, _) = file(0);
    let mut uploads = uploads(&fake, TokenSource::Guest);
    uploads.add(empty.path()).unwrap();
    assert!(matches!(uploads.add(&std::env::temp_dir()), Err(NativeError::NotAFile { .. })));
    assert_eq!(run(&mut uploads).await.0.error.unwrap().code, Code::Api(ErrorCode::EmptyFile));
    let config = Config::new("ftp://x", TokenSource::Guest);
    assert!(matches!(Uploads::new(config), Err(NativeError::ApiUrl { .. })));
}
