//! What every case works with, and how their failures are reported together.

use std::{pin::Pin, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use sealmark_protocol::{Checksum, MediaId, PartNumber, Sha256Digest, TenantId, UserId};
use sealmark_storage::{Extension, ObjectKey, PresignedRequest, Store, StoreConfig, StoreUploadId, UploadedPart};
use uuid::Uuid;

use crate::server::{Guarantees, Server};

/// The one origin that the bucket's rule names.
pub(crate) const ORIGIN: &str = "https://shop.example";
pub(crate) const MIB: usize = 1024 * 1024;
pub(crate) const TTL: Duration = Duration::from_secs(600);

pub(crate) struct Suite<'a> {
    pub(crate) server: &'a Server,
    pub(crate) config: StoreConfig,
    pub(crate) store: Store,
    pub(crate) http: reqwest::Client,
    pub(crate) guarantees: Guarantees,
}

type Case<'c> = &'c (dyn for<'s> Fn(&'s Suite<'s>) -> Pin<Box<dyn Future<Output = Result<()>> + 's>> + Sync);

impl<'a> Suite<'a> {
    /// A suite around a server that runs; nothing is sent yet.
    pub(crate) fn around(server: &'a Server) -> Result<Self> {
        // Whichever test comes first sets it; it is the same one for all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = server.store_config();
        let (store, guarantees) = (Store::new(&config)?, server.kind().guarantees());
        Ok(Self { server, config, store, http: reqwest::Client::new(), guarantees })
    }

    /// Makes the bucket of a fresh server.
    pub(crate) async fn set_up(&self) -> Result<()> {
        let setup = self.store.setup_bucket(&[ORIGIN.to_owned()]).await?;
        ensure!(setup.created, "a fresh store has the bucket already");
        ensure!(setup.cors == self.guarantees.cors_rules, "{setup:?}");
        ensure!(setup.abort_incomplete == self.guarantees.abort_rules, "{setup:?}");
        Ok(())
    }

    /// Runs every case, and fails with all failures at once.
    pub(crate) async fn run(&self, cases: &[(&str, Case<'_>)]) -> Result<()> {
        let mut failures = String::new();
        for (name, case) in cases {
            match case(self).await {
                Ok(()) => eprintln!("ok      {name}"),
                Err(error) => failures.push_str(&format!("FAILED  {name}: {error:#}\n")),
            }
        }
        ensure!(failures.is_empty(), "{:?}\n{failures}{}", self.server.kind(), self.server.log_tail());
        Ok(())
    }

    /// Sends a presigned PUT as a client would.
    pub(crate) async fn put(&self, signed: &PresignedRequest, bytes: impl Into<Bytes>) -> Result<reqwest::Response> {
        let mut request = self.http.put(signed.url.as_str()).body(bytes.into());
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        Ok(request.send().await?)
    }

    /// Presigns a part for exactly these bytes.
    pub(crate) async fn presign(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: u32,
        bytes: &[u8],
    ) -> Result<PresignedRequest> {
        let number = PartNumber::new(number)?;
        let checksum = Checksum::Sha256(Sha256Digest::of(bytes));
        Ok(self.store.presign_part(key, upload, number, bytes.len() as u64, &checksum, TTL).await?)
    }

    /// Uploads one part as a client would.
    pub(crate) async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: u32,
        bytes: &Bytes,
    ) -> Result<UploadedPart> {
        self.send_part_under(key, upload, number, bytes, Checksum::Sha256(Sha256Digest::of(bytes))).await
    }

    /// Uploads one part under a checksum of any kind.
    pub(crate) async fn send_part_under(
        &self,
        key: &ObjectKey,
        upload: &StoreUploadId,
        number: u32,
        bytes: &Bytes,
        checksum: Checksum,
    ) -> Result<UploadedPart> {
        let (part, size_bytes) = (PartNumber::new(number)?, bytes.len() as u64);
        let signed = self.store.presign_part(key, upload, part, size_bytes, &checksum, TTL).await?;
        let answer = self.put(&signed, bytes.clone()).await?;
        let status = answer.status();
        ensure!(status == 200, "part {number} answered {status}: {}", answer.text().await?);
        let etag = answer.headers().get("etag").context("a part's answer has no etag")?.to_str()?.to_owned();
        Ok(UploadedPart { number: part, etag, size_bytes, checksum })
    }

    /// Writes a version and gives its key.
    pub(crate) async fn publish(&self, bytes: &Bytes) -> Result<ObjectKey> {
        let key = version_key(bytes);
        self.store.put_immutable(&key, bytes.clone()).await?;
        Ok(key)
    }
}

/// A key for an original that nobody else has.
pub(crate) fn raw_key() -> ObjectKey {
    ObjectKey::Raw {
        tenant: TenantId::new("acme").unwrap(),
        user: UserId::new("u.7_x-Y").unwrap(),
        media_id: MediaId::from_uuid(Uuid::now_v7()),
    }
}

/// A key for these bytes that nobody else has.
pub(crate) fn version_key(bytes: &[u8]) -> ObjectKey {
    ObjectKey::Version {
        media_id: MediaId::from_uuid(Uuid::now_v7()),
        version: 1,
        digest: Sha256Digest::of(bytes),
        extension: Extension::Jpg,
    }
}

/// Bytes that differ from those of every other seed and do not repeat at any power of two.
pub(crate) fn noise(seed: u8, length: usize) -> Bytes {
    (0..length).map(|index| (index % 251) as u8 ^ (index / 65_521) as u8 ^ seed).collect()
}
