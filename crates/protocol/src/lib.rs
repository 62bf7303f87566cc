//! Everything the parts of Sealmark say to one another: ids, part plans, requests, events and error codes.
//!
//! *Invariant:* pure. No clock, randomness, files, environment or async; the same types compile natively and to
//! wasm32, so the browser and the services cannot drift apart.

mod base64;
pub mod checksum;
pub mod digest;
pub mod error;
#[cfg(feature = "serde")]
pub mod event;
pub mod id;
pub mod media;
pub mod part;
pub mod upload;

pub use checksum::{Checksum, Crc64Nvme, Crc64NvmeHasher};
pub use digest::{DigestError, Sha256Digest};
pub use error::{ErrorCode, FailureCode, Problem};
#[cfg(feature = "serde")]
pub use event::{Envelope, EventError, EventPayload, Lane, MediaFailed, MediaUploaded, MediaWatermarked, Topic};
pub use id::{DeadLetterId, EventId, IdError, MediaId, TenantId, UploadId, UserId};
pub use media::{Failure, MediaList, MediaRecord, MediaState, Rendition};
pub use part::{MAX_OBJECT_BYTES, MAX_PARTS, MIN_PART_BYTES, PartNumber, PartPlan, PlanError, plan_parts};
pub use upload::{
    ByteRange, Challenge, CompleteBatchItem, CompleteBatchRequest, CompleteBatchResponse, CompleteOutcome,
    CompleteRequest, CompletedPart, CreateBatchItem, CreateBatchRequest, CreateBatchResponse, CreateOutcome,
    CreateUploadRequest, GuestToken, Integrity, PartToSign, ProofRequest, SignPartsRequest, SignPartsResponse,
    SignedPart, StoredPart, Texts, Upload, UploadState,
};
