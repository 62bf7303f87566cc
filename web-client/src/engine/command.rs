//! What the engine wants done.

use sealmark_protocol::{
    Challenge, CompleteRequest, CreateUploadRequest, Integrity, MediaId, PartToSign, SignedPart, UploadId,
};

/// Number of one piece of work, unique within an engine; its outcome comes back under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u32);

/// One piece of work for the driver, to be begun at once and beside all others.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Get a bearer token and use it from now on; answer with [`Event::Token`](super::Event::Token).
    GetToken {
        /// Number of this work.
        ticket: Ticket,
        /// Whether the API has refused the token of before.
        expired: bool,
    },
    /// Prepare the file where that is asked for, and look whether an earlier visit or another tab has begun with it;
    /// answer with [`Event::Identified`](super::Event::Identified), however long it takes.
    Identify {
        /// Number of this work.
        ticket: Ticket,
    },
    /// `POST /v1/uploads`, alone or in a batch; answer with [`Event::Created`](super::Event::Created).
    Create {
        /// Number of this work.
        ticket: Ticket,
        /// Header `Idempotency-Key`: the same for each repeat of one creation.
        idempotency_key: String,
        /// Body.
        request: CreateUploadRequest,
    },
    /// `GET /v1/uploads/{id}`; answer with [`Event::Fetched`](super::Event::Fetched).
    Fetch {
        /// Number of this work.
        ticket: Ticket,
        /// The upload.
        upload_id: UploadId,
    },
    /// Read a part and hash it; answer with [`Event::Hashed`](super::Event::Hashed).
    Hash {
        /// Number of this work.
        ticket: Ticket,
        /// Where the part begins, in bytes.
        offset: u64,
        /// How long it is, in bytes.
        length: u64,
        /// By which checksum; never [`Integrity::None`].
        integrity: Integrity,
    },
    /// Read the ranges, hash them after the nonce, and `POST /v1/uploads/{id}/proof`; answer with
    /// [`Event::Proved`](super::Event::Proved).
    Prove {
        /// Number of this work.
        ticket: Ticket,
        /// The upload.
        upload_id: UploadId,
        /// What to hash.
        challenge: Challenge,
    },
    /// `POST /v1/uploads/{id}/parts`; answer with [`Event::Signed`](super::Event::Signed).
    Sign {
        /// Number of this work.
        ticket: Ticket,
        /// The upload.
        upload_id: UploadId,
        /// Parts to sign, 1 to 100.
        parts: Vec<PartToSign>,
    },
    /// PUT a part's bytes, or POST them as a form where the request has fields; answer with [`Event::Progress`](super::Event::Progress) as often as known, and then
    /// [`Event::Put`](super::Event::Put).
    Put {
        /// Number of this work.
        ticket: Ticket,
        /// Where to, and with which headers.
        request: SignedPart,
        /// Where the part begins, in bytes.
        offset: u64,
        /// How long it is, in bytes.
        length: u64,
    },
    /// `POST /v1/uploads/{id}/complete`, alone or in a batch; answer with [`Event::Completed`](super::Event::Completed).
    Complete {
        /// Number of this work.
        ticket: Ticket,
        /// The upload.
        upload_id: UploadId,
        /// Body.
        request: CompleteRequest,
    },
    /// Follow `GET /v1/media/{id}/events`; answer with [`Event::Media`](super::Event::Media) for each record,
    /// [`Event::Heartbeat`](super::Event::Heartbeat) for anything else that arrives, and
    /// [`Event::WatchEnded`](super::Event::WatchEnded) when the stream is over.
    Watch {
        /// Number of this work.
        ticket: Ticket,
        /// The picture.
        media_id: MediaId,
    },
    /// `GET /v1/media/{id}` once; answer with [`Event::Looked`](super::Event::Looked).
    Look {
        /// Number of this work.
        ticket: Ticket,
        /// The picture.
        media_id: MediaId,
    },
    /// `DELETE /v1/uploads/{id}`; answer with [`Event::Aborted`](super::Event::Aborted).
    Abort {
        /// Number of this work.
        ticket: Ticket,
        /// The upload.
        upload_id: UploadId,
    },
    /// Break this work off; its outcome is no longer wanted.
    Stop {
        /// Number of the work to break off.
        ticket: Ticket,
        /// Whether it has had its time, so that its address seems not to answer; else it is merely not wanted any more.
        hung: bool,
    },
    /// Step with [`Event::Woken`](super::Event::Woken) at this time; replaces the time asked for before.
    Wake {
        /// When, in milliseconds since 1970 UTC.
        at_ms: u64,
    },
    /// Keep a record of the upload, so that a later visit can go on with it.
    Remember {
        /// The upload.
        upload_id: UploadId,
        /// Bytes that the store has.
        acknowledged_bytes: u64,
    },
    /// Drop that record: there is nothing left to go on with.
    Forget {
        /// The picture, where the upload is whole: another tab that waits with the same file shows this one.
        media_id: Option<MediaId>,
    },
}
