//! Requests and answers of `/v1/uploads`.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{MediaId, PartNumber, PartPlan, Sha256Digest, UploadId};

/// Body of `POST /v1/uploads`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateUploadRequest {
    /// The file's name as the user sees it; shown, never used as a path. At most 1,000 characters are kept.
    pub file_name: String,
    /// Size of the whole file in bytes, at least 1.
    pub size_bytes: u64,
    /// Media type as the browser believes it; the worker looks at the bytes, not at this.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Part size that the client would like, in bytes; the plan in the answer is what counts.
    #[serde(default)]
    pub part_size_bytes: Option<u64>,
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Parts may be sent.
    Open,
    /// The object is whole and the picture is on its way.
    Completed,
    /// Given up by the client or the sweeper; the parts are gone.
    Aborted,
}

impl UploadState {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default)]
    pub parts: Vec<StoredPart>,
}

impl Upload {
    /// The plan that both sides cut the file by.
    pub const fn plan(&self) -> PartPlan {
        PartPlan { size_bytes: self.size_bytes, part_size_bytes: self.part_size_bytes, part_count: self.part_count }
    }
}

/// One part to sign: its number and what its bytes hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartDigest {
    /// Part number.
    pub number: PartNumber,
    /// SHA-256 of the part's bytes; it becomes part of the signature, so the store refuses any other bytes.
    pub sha256: Sha256Digest,
}

/// Body of `POST /v1/uploads/{id}/parts`: at most 100 parts a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignPartsRequest {
    /// Parts to sign.
    pub parts: Vec<PartDigest>,
}

/// A presigned request for one part: PUT the part's bytes to `url` with exactly these headers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    /// Part number.
    pub number: PartNumber,
    /// Where to PUT. A credential: do not log it.
    pub url: String,
    /// Headers inside the signature that the client must send; `host` and `content-length` are sent by any client.
    pub headers: BTreeMap<String, String>,
    /// When the URL stops working, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignPartsResponse {
    /// The presigned requests.
    pub parts: Vec<SignedPart>,
}

/// A part as the client believes it stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedPart {
    /// Part number.
    pub number: PartNumber,
    /// The etag that the store answered with, opaque.
    pub etag: String,
}

/// Body of `POST /v1/uploads/{id}/complete`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteRequest {
    /// Etags that the client saw; each must equal the store's own. May be empty: the store's ListParts is the truth.
    #[serde(default)]
    pub parts: Vec<CompletedPart>,
}

/// Answer of `POST /v1/guests`: a token for somebody without an account, where the operator allows guests.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
