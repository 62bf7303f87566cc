//! Requests and answers of `/v1/uploads`.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::{Checksum, Crc64Nvme, MediaId, MediaRecord, PartNumber, PartPlan, Problem, Sha256Digest, UploadId};

/// How the store checks the bytes that it gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Integrity {
    /// SHA-256 of each part, inside its signature; the object's checksum is the composite of them.
    #[default]
    Sha256,
    /// CRC64NVME of each part, inside its signature; the object's checksum is the CRC of all its bytes.
    Crc64nvme,
    /// Only the length of each part is checked.
    None,
}

impl Integrity {
    const ALL: [Self; 3] = [Self::Sha256, Self::Crc64nvme, Self::None];

    /// The choice of this name, as [`Self::as_str`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The choice as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Crc64nvme => "crc64nvme",
            Self::None => "none",
        }
    }
}

/// Body of `POST /v1/uploads`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateUploadRequest {
    /// The file's name as the user sees it; shown, never used as a path. At most 1,000 characters are kept.
    pub file_name: String,
    /// Size of the whole file in bytes, at least 1.
    pub size_bytes: u64,
    /// Media type as the browser believes it; the worker looks at the bytes, not at this.
    #[cfg_attr(feature = "serde", serde(default))]
    pub content_type: Option<String>,
    /// Part size that the client would like, in bytes; the plan in the answer is what counts.
    #[cfg_attr(feature = "serde", serde(default))]
    pub part_size_bytes: Option<u64>,
    /// How the store checks the bytes.
    #[cfg_attr(feature = "serde", serde(default))]
    pub integrity: Integrity,
    /// Whether a file of a single part may be sent as a form (POST policy), which needs no preflight request.
    #[cfg_attr(feature = "serde", serde(default))]
    pub form: bool,
    /// What the whole file hashes to, to have a copy made of the same content within the tenant instead of sending it:
    /// SHA-256 over the SHA-256 digests of all parts in order, cut by `part_size_bytes`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub content: Option<Sha256Digest>,
    /// Parts to sign at once with the creation, at most 100; ignored where the plan is not the one asked for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sign: Vec<PartToSign>,
}

impl CreateUploadRequest {
    /// A file to be sent in parts under SHA-256, with nothing signed yet.
    pub fn new(file_name: impl Into<String>, size_bytes: u64) -> Self {
        Self {
            file_name: file_name.into(),
            size_bytes,
            content_type: None,
            part_size_bytes: None,
            integrity: Integrity::default(),
            form: false,
            content: None,
            sign: Vec::new(),
        }
    }
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum UploadState {
    /// Parts may be sent.
    Open,
    /// The object is whole and the picture is on its way.
    Completed,
    /// Given up by the client or the sweeper; the parts are gone.
    Aborted,
}

impl UploadState {
    const ALL: [Self; 3] = [Self::Open, Self::Completed, Self::Aborted];

    /// The state of this name, as [`Self::as_str`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The state as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Aborted => "aborted",
        }
    }
}

/// A part that the store really has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredPart {
    /// Part number.
    pub number: PartNumber,
    /// Size in bytes, from the store.
    pub size_bytes: u64,
    /// The store's etag, opaque, quotes kept.
    pub etag: String,
}

/// An upload: the answer of `POST /v1/uploads` and `GET /v1/uploads/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// The upload.
    pub upload_id: UploadId,
    /// The picture that it becomes.
    pub media_id: MediaId,
    /// Where it stands.
    pub state: UploadState,
    /// The file's name as given.
    pub file_name: String,
    /// Size of the whole file in bytes.
    pub size_bytes: u64,
    /// Size of each part but the last, in bytes.
    pub part_size_bytes: u64,
    /// Number of parts.
    pub part_count: u32,
    /// When the upload was made, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// Parts that the store has, by its own ListParts; empty when just created or no longer open.
    #[cfg_attr(feature = "serde", serde(default))]
    pub parts: Vec<StoredPart>,
    /// How the store checks the bytes.
    #[cfg_attr(feature = "serde", serde(default))]
    pub integrity: Integrity,
    /// The parts that the creation asked to sign; empty in every other answer.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub signed: Vec<SignedPart>,
    /// There is such content already: who proves to have it need not send it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub challenge: Option<Challenge>,
}

/// Ranges of the file to hash, as a proof of having its bytes and not merely their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Challenge {
    /// Random text, at most 64 printable ASCII characters.
    pub nonce: String,
    /// Ranges of the file in bytes, at most 16, 64 KiB in all.
    pub ranges: Vec<ByteRange>,
}

/// Bytes of a file: from `offset`, `length` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ByteRange {
    /// Where the range begins.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

/// Body of `POST /v1/uploads/{id}/proof`; the answer is the picture's record, or a problem `proof_refused`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProofRequest {
    /// SHA-256 over the nonce's bytes followed by those of each range in order.
    pub sha256: Sha256Digest,
}

impl Upload {
    /// The plan that both sides cut the file by.
    pub const fn plan(&self) -> PartPlan {
        PartPlan { size_bytes: self.size_bytes, part_size_bytes: self.part_size_bytes, part_count: self.part_count }
    }
}

/// One part to sign: its number and what its bytes hash to, by the upload's [`Integrity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartToSign {
    /// Part number.
    pub number: PartNumber,
    /// SHA-256 of the part's bytes; it becomes part of the signature, so the store refuses any other bytes.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sha256: Option<Sha256Digest>,
    /// CRC64NVME of the part's bytes, likewise.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub crc64nvme: Option<Crc64Nvme>,
}

impl PartToSign {
    /// A part with its checksum.
    pub const fn new(number: PartNumber, checksum: Checksum) -> Self {
        match checksum {
            Checksum::Sha256(sha256) => Self { number, sha256: Some(sha256), crc64nvme: None },
            Checksum::Crc64nvme(crc) => Self { number, sha256: None, crc64nvme: Some(crc) },
            Checksum::None => Self { number, sha256: None, crc64nvme: None },
        }
    }

    /// The checksum, where it is the one and only that `integrity` asks for.
    pub const fn checksum(&self, integrity: Integrity) -> Option<Checksum> {
        match (integrity, self.sha256, self.crc64nvme) {
            (Integrity::Sha256, Some(sha256), None) => Some(Checksum::Sha256(sha256)),
            (Integrity::Crc64nvme, None, Some(crc)) => Some(Checksum::Crc64nvme(crc)),
            (Integrity::None, None, None) => Some(Checksum::None),
            _ => None,
        }
    }
}

/// Body of `POST /v1/uploads/{id}/parts`: at most 100 parts a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignPartsRequest {
    /// Parts to sign.
    pub parts: Vec<PartToSign>,
}

/// Names and their texts.
#[cfg(feature = "serde")]
pub type Texts = std::collections::BTreeMap<String, String>;
/// Names and their texts; they are only ever gone through, so the browser's module does without a tree.
#[cfg(not(feature = "serde"))]
pub type Texts = Vec<(String, String)>;

/// A presigned request for one part: PUT the part's bytes to `url` with exactly these headers; where there are fields,
/// POST a `multipart/form-data` body of these fields and, after them, `file` with the bytes.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    /// Part number.
    pub number: PartNumber,
    /// Where to PUT. A credential: do not log it.
    pub url: String,
    /// Headers inside the signature that the client must send; `host` and `content-length` are sent by any client.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub headers: Texts,
    /// Fields of the form, where it is one. A credential: do not log them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Texts::is_empty"))]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub fields: Texts,
    /// When the URL stops working, in milliseconds since 1970 UTC by the server's clock.
    pub expires_at_ms: i64,
    /// The same counted from the answer: the client's clock may be wrong.
    #[cfg_attr(feature = "serde", serde(default))]
    pub expires_in_ms: u64,
}

impl fmt::Debug for SignedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPart")
            .field("number", &self.number)
            .field("url", &"<redacted>")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

/// Answer of `POST /v1/uploads/{id}/parts`, in the order asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignPartsResponse {
    /// The presigned requests.
    pub parts: Vec<SignedPart>,
}

/// A part as the client believes it stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedPart {
    /// Part number.
    pub number: PartNumber,
    /// The etag that the store answered with, opaque.
    pub etag: String,
}

/// Body of `POST /v1/uploads/{id}/complete`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteRequest {
    /// Etags that the client saw; each must equal the store's own. May be empty: the store's ListParts is the truth.
    #[cfg_attr(feature = "serde", serde(default))]
    pub parts: Vec<CompletedPart>,
}

/// Body of `POST /v1/uploads/batch`: several creations at once, 1 to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateBatchRequest {
    /// The creations.
    pub uploads: Vec<CreateBatchItem>,
}

/// One creation of several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateBatchItem {
    /// What a single creation sends as the header `Idempotency-Key`.
    pub idempotency_key: String,
    /// The creation.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub request: CreateUploadRequest,
}

/// Answer of `POST /v1/uploads/batch`, in the order asked; one that is refused does not hinder the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateBatchResponse {
    /// The outcomes.
    pub results: Vec<CreateOutcome>,
}

/// Outcome of one creation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CreateOutcome {
    /// It is there.
    Upload(Box<Upload>),
    /// It was refused.
    Problem(Problem),
}

/// Body of `POST /v1/uploads/batch/complete`: several completions at once, 1 to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteBatchRequest {
    /// The completions.
    pub uploads: Vec<CompleteBatchItem>,
}

/// One completion of several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteBatchItem {
    /// The upload.
    pub upload_id: UploadId,
    /// As in [`CompleteRequest`].
    #[cfg_attr(feature = "serde", serde(default))]
    pub parts: Vec<CompletedPart>,
}

/// Answer of `POST /v1/uploads/batch/complete`, in the order asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteBatchResponse {
    /// The outcomes.
    pub results: Vec<CompleteOutcome>,
}

/// Outcome of one completion.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CompleteOutcome {
    /// The object is whole.
    Media(Box<MediaRecord>),
    /// It was refused.
    Problem(Problem),
}

/// Answer of `POST /v1/guests`: a token for somebody without an account, where the operator allows guests.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GuestToken {
    /// Bearer token. A credential: do not log it.
    pub token: String,
    /// The name the guest got.
    pub user_id: crate::UserId,
    /// When the token stops working, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

impl fmt::Debug for GuestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestToken").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
