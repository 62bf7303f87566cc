//! One or more of each type that travels as JSON.

use sealmark_protocol::{
    Checksum, CompleteBatchItem, CompleteBatchRequest, CompleteRequest, CompletedPart, Crc64Nvme, CreateBatchItem,
    CreateBatchRequest, CreateUploadRequest, Integrity, PartNumber, PartToSign, ProofRequest, Sha256Digest,
    SignPartsRequest,
};

/// Every request of the upload API, filled as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requests {
    /// `POST /v1/uploads`, with everything.
    pub create: CreateUploadRequest,
    /// `POST /v1/uploads`, with as little as can be.
    pub create_plain: CreateUploadRequest,
    /// `POST /v1/uploads/{id}/parts`.
    pub sign: SignPartsRequest,
    /// `POST /v1/uploads/{id}/complete`.
    pub complete: CompleteRequest,
    /// `POST /v1/uploads/{id}/proof`.
    pub proof: ProofRequest,
    /// `POST /v1/uploads/batch`.
    pub create_batch: CreateBatchRequest,
    /// `POST /v1/uploads/batch/complete`.
    pub complete_batch: CompleteBatchRequest,
}

/// The samples.
///
/// # Panics
/// When an id here is no UUID.
#[expect(clippy::unwrap_used, reason = "the samples are right or of no use")]
pub fn requests() -> Requests {
    let number = |number| PartNumber::new(number).unwrap();
    let digest = Sha256Digest::of(b"bytes");
    let sign = vec![
        PartToSign::new(number(1), Checksum::Sha256(digest)),
        PartToSign::new(number(2), Checksum::Crc64nvme(Crc64Nvme::of(b"bytes"))),
        PartToSign::new(number(10_000), Checksum::None),
    ];
    let create = CreateUploadRequest {
        content_type: Some("image/jpeg".to_owned()),
        part_size_bytes: Some(5 << 20),
        integrity: Integrity::Crc64nvme,
        form: true,
        content: Some(digest),
        sign: sign.clone(),
        ..CreateUploadRequest::new("na\"me \\ \u{202e}\u{1f600}/\n\u{0}.jpg", 5 << 40)
    };
    let parts = vec![CompletedPart { number: number(1), etag: "\"0123\"".to_owned() }];
    Requests {
        create_plain: CreateUploadRequest::new("", 1),
        sign: SignPartsRequest { parts: sign },
        complete: CompleteRequest { parts: parts.clone() },
        proof: ProofRequest { sha256: digest },
        create_batch: CreateBatchRequest {
            uploads: vec![CreateBatchItem { idempotency_key: "key".to_owned(), request: create.clone() }],
        },
        complete_batch: CompleteBatchRequest {
            uploads: vec![CompleteBatchItem {
                upload_id: "0192f3c8-7b5e-7d3a-9c1e-00000000000a".parse().unwrap(),
                parts,
            }],
        },
        create,
    }
}
