//! `POST /v1/uploads/batch` and `POST /v1/uploads/batch/complete`: many small files for the price of a few requests.

use std::collections::{HashMap, HashSet};

use axum::{Json, extract::State, http::HeaderMap};
use futures::{StreamExt, stream};
use sealmark_catalogue::UploadRow;
use sealmark_protocol::{
    CompleteBatchItem, CompleteBatchRequest, CompleteBatchResponse, CompleteOutcome, CompleteRequest,
    CreateBatchRequest, CreateBatchResponse, CreateOutcome, ErrorCode, MediaRecord, UploadId, UploadState,
};

use super::{
    begin::{AT_ONCE, Asked, begin},
    closed,
    complete::{Checksums, Whole, note_all, whole},
};
use crate::{
    app::App,
    auth::Caller,
    idempotency,
    problem::{ApiError, request_id},
    request::Body,
    trace::TraceParent,
};

/// Most uploads in one call.
const BATCH: usize = 100;
/// Most parts that one call has signed, over all its uploads.
const SIGNED: usize = 1_000;

/// Begin several uploads; one that is refused does not hinder the others.
#[utoipa::path(post, path = "/v1/uploads/batch", tag = "uploads", security(("token" = [])),
    request_body = CreateBatchRequest,
    responses(
        (status = 200, description = "the outcomes in the order asked", body = CreateBatchResponse),
        (status = 400, body = sealmark_protocol::Problem),
        (status = 401, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(request): Body<CreateBatchRequest>,
) -> Result<Json<CreateBatchResponse>, ApiError> {
    check_size(request.uploads.len())?;
    if request.uploads.iter().map(|item| item.request.sign.len()).sum::<usize>() > SIGNED {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because(format!("at most {SIGNED} parts to sign in all")));
    }
    let mut asked = Vec::with_capacity(request.uploads.len());
    let mut keys = HashSet::new();
    for item in request.uploads {
        let key = idempotency::checked(&item.idempotency_key)?;
        if !keys.insert(key.clone()) {
            return Err(ApiError::new(ErrorCode::InvalidRequest).because("two creations have the same idempotency_key"));
        }
        asked.push(Asked { key: Some(idempotency::of(key, &item.request)), request: item.request });
    }
    let request_id = request_id(&headers);
    let results = begin(&app, &caller, asked).await.into_iter().map(|outcome| match outcome {
        Ok(begun) => CreateOutcome::Upload(Box::new(begun.upload)),
        Err(error) => CreateOutcome::Problem(error.into_problem(&request_id)),
    });
    Ok(Json(CreateBatchResponse { results: results.collect() }))
}

/// Complete several uploads; one that is refused does not hinder the others.
#[utoipa::path(post, path = "/v1/uploads/batch/complete", tag = "uploads", security(("token" = [])),
    request_body = CompleteBatchRequest,
    responses(
        (status = 200, description = "the outcomes in the order asked", body = CompleteBatchResponse),
        (status = 400, body = sealmark_protocol::Problem),
        (status = 401, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn complete(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    TraceParent(traceparent): TraceParent,
    Body(request): Body<CompleteBatchRequest>,
) -> Result<Json<CompleteBatchResponse>, ApiError> {
    check_size(request.uploads.len())?;
    let request_id = request_id(&headers);
    // On a task of its own: a client that hangs up now must not leave objects that are whole without their records.
    let work = tokio::spawn(async move { complete_all(&app, &caller, request.uploads, traceparent).await });
    let outcomes = work.await.map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))??;
    let results = outcomes.into_iter().map(|outcome| match outcome {
        Ok(media) => CompleteOutcome::Media(Box::new(media)),
        Err(error) => CompleteOutcome::Problem(error.into_problem(&request_id)),
    });
    Ok(Json(CompleteBatchResponse { results: results.collect() }))
}

fn check_size(uploads: usize) -> Result<(), ApiError> {
    if (1..=BATCH).contains(&uploads) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::InvalidRequest).because(format!("1 to {BATCH} uploads a call, got {uploads}")))
}

async fn complete_all(
    app: &App,
    caller: &Caller,
    items: Vec<CompleteBatchItem>,
    traceparent: Option<String>,
) -> Result<Vec<Result<MediaRecord, ApiError>>, ApiError> {
    let ids: Vec<UploadId> = items.iter().map(|item| item.upload_id).collect();
    let rows = app.catalogue.uploads(&caller.tenant, &caller.user, &ids).await?;
    let rows: HashMap<UploadId, UploadRow> = rows.into_iter().map(|row| (row.upload_id, row)).collect();
    let open: Vec<_> =
        rows.values().filter(|row| row.state == UploadState::Open).map(|row| (row.upload_id, row.integrity)).collect();
    let checksums = app.catalogue.part_checksums_of_many(&open).await?;
    let none = Checksums::new();
    let done: Vec<_> =
        rows.values().filter(|row| row.state == UploadState::Completed).map(|row| row.media_id).collect();
    let done = app.catalogue.media_of_owner_by_ids(&caller.tenant, &caller.user, &done).await?;
    let done: HashMap<UploadId, MediaRecord> = done.into_iter().map(|media| (media.upload_id, media)).collect();

    let looked: Vec<Result<Looked, ApiError>> = stream::iter(items)
        .map(|item| {
            let (row, media) = (rows.get(&item.upload_id), done.get(&item.upload_id));
            let (checksums, traceparent) = (checksums.get(&item.upload_id).unwrap_or(&none), traceparent.clone());
            async move {
                let row = row.ok_or_else(|| ApiError::new(ErrorCode::UploadNotFound))?;
                match (row.state, media) {
                    (UploadState::Open, _) => {
                        let request = CompleteRequest { parts: item.parts };
                        let whole = whole(app, row.clone(), &request, checksums, traceparent).await?;
                        Ok(Looked::Whole(Box::new(whole)))
                    }
                    (UploadState::Completed, Some(media)) => Ok(Looked::Done(Box::new(media.clone()))),
                    (UploadState::Completed, None) => Err(ApiError::new(ErrorCode::MediaNotFound)),
                    (UploadState::Aborted, _) => Err(closed(row.state)),
                }
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;

    let (mut outcomes, mut indices, mut all) = (Vec::with_capacity(looked.len()), Vec::new(), Vec::new());
    for (index, looked) in looked.into_iter().enumerate() {
        outcomes.push(match looked {
            Ok(Looked::Whole(whole)) => {
                indices.push(index);
                all.push(*whole);
                None
            }
            Ok(Looked::Done(media)) => Some(Ok(*media)),
            Err(error) => Some(Err(error)),
        });
    }
    for (index, outcome) in indices.into_iter().zip(note_all(app, all).await) {
        outcomes[index] = Some(outcome);
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// What the store and the records say of one upload of several.
enum Looked {
    Whole(Box<Whole>),
    Done(Box<MediaRecord>),
}
