//! `GET /s3/params?filename=&type=`: a form for a file that is sent by one request.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State};
use sealmark_protocol::Checksum;
use serde::Serialize;

use super::{
    arrivals::FIRST_LOOK_MS,
    caller::CompanionCaller,
    create::{File, describe, key_of},
};
use crate::{app::App, problem::ApiError, request::Query};

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
    let mut new = describe(&app, caller, file)?;
    new.look_at_ms = Some(new.now_ms + FIRST_LOOK_MS);
    let expires = app.config.policy.part_url_ttl_s;
    let size_bytes = 1..=new.plan.size_bytes;
    let ttl = Duration::from_secs(expires);
    let form = app.store.presign_form(&key_of(&new), new.content_type.as_deref(), size_bytes, &Checksum::None, ttl)?;
    // Recorded before the form leaves the house: what arrives must be somebody's.
    app.catalogue.create_upload(&new).await?;
    Ok(Json(Form { method: "POST", url: form.url.into_string(), fields: form.fields, expires }))
}
