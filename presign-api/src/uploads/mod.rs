//! Uploads: one file for each thing that a client may ask.

pub(crate) mod abort;
pub(crate) mod batch;
pub(crate) mod begin;
pub(crate) mod challenge;
pub(crate) mod complete;
pub(crate) mod create;
pub(crate) mod sign;
pub(crate) mod status;

use sealmark_catalogue::{Protocol, Transport, UploadRow};
use sealmark_protocol::{ErrorCode, UploadId, UploadState};
use sealmark_storage::{ObjectKey, StoreUploadId};

use crate::{app::App, auth::Caller, problem::ApiError};

/// The caller's own upload, in any state.
async fn find(app: &App, caller: &Caller, id: UploadId) -> Result<UploadRow, ApiError> {
    find_of(app, caller, id, Protocol::Sealmark).await
}

/// The caller's own upload by this protocol; one by the other is not there.
pub(crate) async fn find_of(
    app: &App,
    caller: &Caller,
    id: UploadId,
    protocol: Protocol,
) -> Result<UploadRow, ApiError> {
    app.catalogue
        .upload(&caller.tenant, &caller.user, id)
        .await?
        .filter(|upload| upload.protocol == protocol)
        .ok_or_else(|| ApiError::new(ErrorCode::UploadNotFound))
}

/// The caller's own upload, if it still takes parts.
async fn find_open(app: &App, caller: &Caller, id: UploadId) -> Result<UploadRow, ApiError> {
    let upload = find(app, caller, id).await?;
    match upload.state {
        UploadState::Open => Ok(upload),
        state => Err(closed(state)),
    }
}

pub(crate) fn closed(state: UploadState) -> ApiError {
    ApiError::new(ErrorCode::UploadClosed).because(format!("the upload is {}", state.as_str()))
}

/// Where the original of an upload lies, and what the store calls its multipart upload, where it has one.
pub(crate) fn in_store(upload: &UploadRow) -> (ObjectKey, Option<StoreUploadId>) {
    let (tenant, user) = (upload.tenant.clone(), upload.user_id.clone());
    let key = ObjectKey::Raw { tenant, user, media_id: upload.media_id };
    let store_upload = match &upload.transport {
        Transport::Multipart { store_upload_id } => Some(StoreUploadId::new(store_upload_id)),
        Transport::Form => None,
    };
    (key, store_upload)
}
