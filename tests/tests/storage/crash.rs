//! A store that dies in the middle of an upload.

use anyhow::{Result, ensure};
use sealmark_protocol::{Integrity, Sha256Digest};
use tokio::io::AsyncWriteExt;

use crate::{
    raw_http,
    server::Server,
    suite::{MIB, Suite, noise, raw_key},
};

pub(crate) async fn acknowledged_parts_survive(mut server: Server) -> Result<()> {
    let (key, bytes) = (raw_key(), noise(20, 10 * MIB + 50_000));
    let part = |number: usize| bytes.slice((number - 1) * 5 * MIB..bytes.len().min(number * 5 * MIB));
    let suite = Suite::around(&server)?;
    suite.set_up().await?;
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let first = suite.send_part(&key, &upload, 1, &part(1)).await?;
    let second = suite.send_part(&key, &upload, 2, &part(2)).await?;

    // The third is on its way, half of it sent, when the store dies.
    let signed = suite.presign(&key, &upload, 3, &part(3)).await?;
    let url: url::Url = signed.url.as_str().parse()?;
    let mut head = format!("PUT {}?{} HTTP/1.1\r\n", url.path(), url.query().unwrap_or_default());
    head.push_str(&format!("Host: {}\r\nContent-Length: {}\r\n", url.authority(), part(3).len()));
    for (name, value) in &signed.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut half_sent = raw_http::connect(&url).await?;
    half_sent.write_all(format!("{head}\r\n").as_bytes()).await?;
    half_sent.write_all(&part(3)[..25_000]).await?;
    let store = suite.store.clone();
    server.crash();
    drop(half_sent);

    let dead = store.head(&key).await;
    ensure!(dead.as_ref().is_err_and(|error| error.is_transient()), "a dead store: {dead:?}");

    server.start_again().await?;
    let listed = store.list_parts(&key, &upload).await?;
    let shown: Vec<_> = listed.iter().map(|part| (part.number.get(), part.size_bytes, part.etag.clone())).collect();
    let expected = [(1, 5 << 20, first.etag.clone()), (2, 5 << 20, second.etag.clone())];
    ensure!(shown == expected, "{shown:?} after the crash, {expected:?} were acknowledged\n{}", server.log_tail());

    let suite = Suite::around(&server)?;
    let third = suite.send_part(&key, &upload, 3, &part(3)).await?;
    suite.store.complete(&key, &upload, &[first, second, third]).await?;
    let read = suite.store.get(&key, None, bytes.len() as u64).await?;
    ensure!(Sha256Digest::of(&read) == Sha256Digest::of(&bytes), "other bytes came back");
    Ok(())
}
