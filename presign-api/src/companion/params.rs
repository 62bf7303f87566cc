//! `GET /s3/params?filename=&type=`: a form for a file that is sent by one request.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealmark_protocol::{Checksum, ErrorCode};
use serde::Serialize;

use super::{
    arrivals::FIRST_LOOK_MS,
    caller::CompanionCaller,
    create::{File, describe, key_of},
};
use crate::{app::App, problem::ApiError, request::Query, uploads::begin::ttl};

#[derive(Serialize)]
pub(super) struct Form {
    method: &'static str,
    url: String,
    fields: BTreeMap<String, String>,
    /// Seconds.
    expires: u64,
}

/// The form takes 1 byte up to the caller's limit, under one key of its own; the picture begins when it has arrived.
pub(super) async fn params(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Query(file): Query<File>,
) -> Result<Json<Form>, ApiError> {
    if !app.config.policy.forms {
        return Err(ApiError::new(ErrorCode::Forbidden).because("no forms here: set shouldUseMultipart to true"));
    }
    let mut new = describe(&app, caller, file).await?;
    new.look_at_ms = Some(new.now_ms + FIRST_LOOK_MS);
    let (size_bytes, ttl) = (1..=new.plan.size_bytes, ttl(&app));
    let form = app.store.presign_form(&key_of(&new), new.content_type.as_deref(), size_bytes, &Checksum::None, ttl)?;
    // Recorded before the form leaves the house: what arrives must be somebody's.
    app.catalogue.create_upload(&new).await?;
    Ok(Json(Form { method: "POST", url: form.url.into_string(), fields: form.fields, expires: ttl.as_secs() }))
}
