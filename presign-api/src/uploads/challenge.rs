//! `POST /v1/uploads/{id}/proof`: content that the tenant has already is copied for whoever has its bytes.

use axum::{Json, extract::State};
use futures::{StreamExt, TryStreamExt, stream};
use sealmark_catalogue::{KnownContent, NewChallenge, UploadRow};
use sealmark_protocol::{
    ByteRange, Challenge, ErrorCode, MediaRecord, ProofRequest, Sha256Digest, UploadId, UploadState,
};
use sealmark_storage::{ObjectKey, StorageError};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    closed,
    complete::{self, Made},
    find, in_store,
};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    media::record,
    problem::ApiError,
    request::{Body, Path},
    trace::TraceParent,
};

/// Largest object that one CopyObject takes: 5 GiB.
///
/// Source: S3 API, CopyObject.
pub(crate) const COPY_LIMIT_BYTES: u64 = 5 << 30;
/// Ranges of a challenge.
const RANGES: u64 = 8;
/// Longest range, in bytes.
const RANGE_BYTES: u64 = 4_096;
/// A challenge may be answered for this long, in milliseconds.
const LIFE_MS: i64 = 5 * 60 * 1_000;

/// A challenge over content that is there: its whole if that is short, else a range at a random place of each eighth.
pub(crate) fn fresh(known: KnownContent, now_ms: i64) -> NewChallenge {
    let challenge = Challenge { nonce: nonce(), ranges: ranges(known.plan.size_bytes, random) };
    NewChallenge { challenge, known, expires_at_ms: now_ms + LIFE_MS }
}

fn nonce() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// 62 random bits: all of a version 4 UUID's lower half but its variant.
fn random() -> u64 {
    Uuid::new_v4().as_u64_pair().1 & ((1 << 62) - 1)
}

fn ranges(size_bytes: u64, random: impl Fn() -> u64) -> Vec<ByteRange> {
    if size_bytes <= RANGES * RANGE_BYTES {
        let offsets = (0..size_bytes).step_by(RANGE_BYTES as usize);
        return offsets.map(|offset| ByteRange { offset, length: RANGE_BYTES.min(size_bytes - offset) }).collect();
    }
    let eighth = size_bytes / RANGES;
    let places = eighth - RANGE_BYTES + 1;
    (0..RANGES).map(|index| ByteRange { offset: index * eighth + random() % places, length: RANGE_BYTES }).collect()
}

/// Prove to have the bytes that the creation's `content` names: the content is then copied, and the upload completed.
///
/// The challenge is used up by any answer. After a refusal the upload is still open, and its bytes are to be sent.
#[utoipa::path(post, path = "/v1/uploads/{id}/proof", tag = "uploads", security(("token" = [])),
    params(("id" = String, Path, description = "upload id")),
    request_body = ProofRequest,
    responses(
        (status = 200, body = MediaRecord),
        (status = 404, body = sealmark_protocol::Problem),
        (status = 409, body = sealmark_protocol::Problem),
        (status = 503, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn prove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UploadId>,
    TraceParent(traceparent): TraceParent,
    Body(request): Body<ProofRequest>,
) -> Result<Json<MediaRecord>, ApiError> {
    let upload = find(&app, &caller, id).await?;
    match upload.state {
        UploadState::Open => {}
        // A repeat of a proof that was accepted, whose answer was lost.
        UploadState::Completed => return record::read(&app, &caller, upload.media_id).await.map(Json),
        UploadState::Aborted => return Err(closed(upload.state)),
    }
    // On a task of its own: a client that hangs up now must not leave a copy without its record.
    let work = tokio::spawn(async move { copy_if_proven(&app, upload, &request.sha256, traceparent).await });
    work.await.map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?.map(Json)
}

async fn copy_if_proven(
    app: &App,
    upload: UploadRow,
    proof: &Sha256Digest,
    traceparent: Option<String>,
) -> Result<MediaRecord, ApiError> {
    let refused = |why: &str| ApiError::new(ErrorCode::ProofRefused).because(why);
    let asked = app.catalogue.take_challenge(upload.upload_id, upload.plan, now_ms()).await?;
    let asked = asked.ok_or_else(|| refused("there is no challenge, or it is over, or it was answered before"))?;
    let from: ObjectKey =
        asked.known.source_key.parse().map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?;
    // The one place where this service reads a file's bytes: these ranges and no more.
    let expected = match expected(app, &from, &asked).await {
        Ok(expected) => expected,
        Err(StorageError::NotFound { .. } | StorageError::Conflict { .. }) => {
            return Err(refused("the content is no longer there"));
        }
        Err(error) => return Err(error.into()),
    };
    if !bool::from(expected.as_bytes().ct_eq(proof.as_bytes())) {
        return Err(refused("the proof does not fit the challenge"));
    }
    let (to, store_upload) = in_store(&upload);
    let etag = match app.store.copy(&from, &asked.known.source_etag, &to, upload.content_type.as_deref()).await {
        Ok(etag) => etag,
        Err(StorageError::NotFound { .. } | StorageError::Conflict { .. }) => {
            return Err(refused("the content is no longer there"));
        }
        Err(error) => return Err(error.into()),
    };
    let made = Made { etag, content: Some(asked.known.content) };
    let whole = complete::of_copy(app, upload, made, traceparent).await?;
    let media = complete::note_whole(app, whole).await?;
    if let Some(store_upload) = store_upload {
        // Nothing was sent to it. Were this to fail, the store's own rule drops it.
        if let Err(error) = app.store.abort(&to, &store_upload).await {
            tracing::warn!(%error, "the multipart upload of a copied file stays for a while");
        }
    }
    Ok(media)
}

async fn expected(app: &App, from: &ObjectKey, asked: &NewChallenge) -> Result<Sha256Digest, StorageError> {
    let read: Vec<_> = stream::iter(asked.challenge.ranges.clone())
        .map(|range| app.store.get_range(from, &asked.known.source_etag, range))
        .buffered(RANGES as usize)
        .try_collect()
        .await?;
    let mut bytes = asked.challenge.nonce.clone().into_bytes();
    for range in read {
        bytes.extend_from_slice(&range);
    }
    Ok(Sha256Digest::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lie_apart_inside_the_file() {
        for size_bytes in [1, 4_095, 4_096, 4_097, 32_768, 32_769, 200_000, 5 << 30] {
            for place in [0, 1, (1 << 62) - 1] {
                let ranges = ranges(size_bytes, || place);
                assert!((1..=8).contains(&ranges.len()), "{size_bytes}");
                let mut end = 0;
                for range in &ranges {
                    assert!(range.offset >= end && (1..=4_096).contains(&range.length), "{size_bytes}: {ranges:?}");
                    end = range.offset + range.length;
                }
                assert!(end <= size_bytes, "{size_bytes}: {ranges:?}");
                let all: u64 = ranges.iter().map(|range| range.length).sum();
                assert_eq!(all, size_bytes.min(32_768), "{size_bytes}");
            }
        }
        assert!(nonce().len() <= 64 && nonce().bytes().all(|byte| byte.is_ascii_graphic()));
        assert_ne!(nonce(), nonce());
    }
}
