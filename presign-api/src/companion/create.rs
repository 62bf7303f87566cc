//! `POST /s3/multipart`: begins an upload whose size nobody announces.

use axum::{Json, extract::State};
use sealmark_catalogue::{NewUpload, Protocol, Transport};
use sealmark_protocol::{Integrity, MAX_PARTS, MIN_PART_BYTES, MediaId, PartPlan, UploadId};
use sealmark_storage::ObjectKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::caller::CompanionCaller;
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
    request::Body,
    uploads::{
        begin::within_limit,
        create::{file_name, is_media_type, limit_bytes, too_large},
    },
};

/// What Uppy says about a file; its `metadata` is not kept.
#[derive(Deserialize)]
pub(super) struct File {
    filename: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    key: String,
    upload_id: UploadId,
    bucket: String,
}

pub(super) async fn create(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Body(file): Body<File>,
) -> Result<Json<Created>, ApiError> {
    let mut new = describe(&app, caller, file).await?;
    let key = key_of(&new);
    let store_upload_id = app.store.create(&key, new.content_type.as_deref(), Integrity::None).await?.to_string();
    new.transport = Transport::Multipart { store_upload_id };
    app.catalogue.create_upload(&new).await?;
    Ok(Json(Created { key: new.source_key, upload_id: new.upload_id, bucket: app.store.bucket().to_owned() }))
}

/// An upload by these endpoints that the caller may begin, as a form that nobody sends yet.
pub(super) async fn describe(app: &App, caller: Caller, file: File) -> Result<NewUpload, ApiError> {
    let plan = plan(limit_bytes(app, &caller))?;
    within_limit(app, &caller).await?;
    let media_id = MediaId::from_uuid(Uuid::now_v7());
    let source = ObjectKey::Raw { tenant: caller.tenant.clone(), user: caller.user.clone(), media_id };
    Ok(NewUpload {
        upload_id: UploadId::from_uuid(Uuid::now_v7()),
        media_id,
        tenant: caller.tenant,
        user_id: caller.user,
        source_key: source.to_string(),
        protocol: Protocol::Companion,
        transport: Transport::Form,
        integrity: Integrity::None,
        file_name: file_name(&file.filename),
        content_type: file.content_type.filter(|text| is_media_type(text)),
        plan,
        parts: Vec::new(),
        challenge: None,
        idempotency_key: None,
        look_at_ms: None,
        now_ms: now_ms(),
    })
}

pub(super) fn key_of(new: &NewUpload) -> ObjectKey {
    ObjectKey::Raw { tenant: new.tenant.clone(), user: new.user_id.clone(), media_id: new.media_id }
}

/// The most that an upload may become. Every part but the last has at least S3's minimum, so that a part's number alone
/// tells of a file over the limit.
fn plan(limit_bytes: u64) -> Result<PartPlan, ApiError> {
    if limit_bytes == 0 {
        return Err(too_large(limit_bytes));
    }
    let part_count = limit_bytes.div_ceil(MIN_PART_BYTES).min(u64::from(MAX_PARTS)) as u32;
    Ok(PartPlan { size_bytes: limit_bytes, part_size_bytes: MIN_PART_BYTES, part_count })
}

#[cfg(test)]
mod tests {
    use super::plan;

    #[test]
    fn a_limit_allows_the_parts_that_fit_into_it() {
        for (limit_bytes, part_count) in [(1, 1), (5 << 20, 1), ((5 << 20) + 1, 2), (1 << 60, 10_000)] {
            assert_eq!(plan(limit_bytes).unwrap().part_count, part_count, "{limit_bytes}");
        }
        assert!(plan(0).is_err());
    }
}
