//! Who is measured, and by which settings. All options of every client are here.

use serde_json::{Value, json};

use crate::stack::Addresses;

const MIB: u64 = 1 << 20;

/// A client with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Ours, with an `integrity`.
    Ours(&'static str),
    /// `fetch` by hand, so many parts at once.
    Raw(u32),
    /// The same, with each part hashed by `crypto.subtle` and the hash signed; the store checks it.
    ///
    /// The body is the file's `slice`, read once more, or the `buffer` that was hashed, or a `blob` of it.
    RawSubtle(u32, &'static str),
    /// One PUT of the whole file.
    Whole,
    /// One form of each file, so many at once, that nobody signs, checks or records: what the browser itself costs.
    Post(u32),
    /// Uppy 5, aws-s3.
    Uppy5,
    /// Uppy 6, aws-s3.
    Uppy6,
    /// tus-js-client 4 with @tus/server.
    Tus,
    /// Evaporate 2.
    Evaporate,
}

impl Client {
    /// Its name in the report.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Ours(integrity) => format!("Sealmark, {integrity}"),
            Self::Raw(concurrency) => format!("raw fetch ×{concurrency}"),
            Self::RawSubtle(concurrency, body) => format!("raw fetch ×{concurrency}, crypto.subtle, sends the {body}"),
            Self::Whole => "whole PUT".to_owned(),
            Self::Post(concurrency) => format!("bare form ×{concurrency}"),
            Self::Uppy5 => "Uppy 5 aws-s3".to_owned(),
            Self::Uppy6 => "Uppy 6 aws-s3".to_owned(),
            Self::Tus => "tus-js-client".to_owned(),
            Self::Evaporate => "Evaporate".to_owned(),
        }
    }

    /// Whether it is ours.
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self, Self::Ours(_))
    }

    /// Its settings, as the report shows them.
    pub(crate) fn settings(self) -> &'static str {
        match self {
            Self::Ours(_) => "defaults",
            Self::Raw(_) | Self::RawSubtle(..) => {
                "8 MiB parts, all signed by one request (hashed ones each by its own); up to 9 repeats"
            }
            Self::Whole => "one presigned PUT",
            Self::Post(_) => "fetch by hand: nothing asked, signed, checked or recorded",
            Self::Uppy5 => {
                "presign-api as Companion, 8 MiB parts, limit 6 (its default), retryDelays 0, 1, 3, 5 s (its default)"
            }
            Self::Uppy6 => {
                "presign-api as Companion, 8 MiB parts, limit 6 (its default; parts of a file go one after another)"
            }
            Self::Tus => {
                "no chunk size (its advice), retryDelays 0, 1, 3, 5 s; data with the creation for small files, 6 at once"
            }
            Self::Evaporate => "8 MiB parts, 6 at once, signature version 2 made in the page",
        }
    }

    /// Its page, on the origin that it is signed by.
    pub(crate) fn page(self, at: &Addresses) -> String {
        let (origin, page) = match self {
            Self::Ours(_) => (&at.api, "ours"),
            Self::Raw(_) | Self::RawSubtle(..) | Self::Whole | Self::Post(_) => (&at.signer, "raw"),
            Self::Uppy5 => (&at.api, "uppy5"),
            Self::Uppy6 => (&at.api, "uppy6"),
            Self::Tus => (&at.signer, "tus"),
            Self::Evaporate => (&at.signer, "evaporate"),
        };
        format!("{origin}/{page}.html")
    }

    /// What its page is told.
    pub(crate) fn config(self, at: &Addresses, way: &str) -> Value {
        let signer = format!("{}/sign/{way}", at.signer);
        match self {
            Self::Ours(integrity) => json!({
                "token": at.token,
                "options": { "api": at.api, "integrity": integrity },
            }),
            Self::Raw(concurrency) => json!({ "signer": signer, "part_size": 8 * MIB, "concurrency": concurrency }),
            Self::RawSubtle(concurrency, body) => {
                json!({ "signer": signer, "part_size": 8 * MIB, "concurrency": concurrency, "hash": body })
            }
            Self::Whole => json!({ "signer": signer, "whole": true, "concurrency": 6 }),
            Self::Post(concurrency) => {
                json!({ "post": format!("{}/{}", at.store, at.bucket), "concurrency": concurrency })
            }
            Self::Uppy5 => json!({
                "companion": format!("{}/companion", at.api), "token": at.token,
                "part_size": 8 * MIB, "concurrency": 6,
            }),
            Self::Uppy6 => json!({
                "companion": format!("{}/companion/t/{}", at.api, at.token), "part_size": 8 * MIB, "concurrency": 6,
            }),
            Self::Tus => json!({ "tus": at.tus, "concurrency": 6 }),
            Self::Evaporate => json!({
                "signer": signer, "store": at.store, "bucket": at.bucket, "access_key": at.access_key, "secret_key": at.secret_key,
                "part_size": 8 * MIB, "concurrency": 6,
            }),
        }
    }
}
