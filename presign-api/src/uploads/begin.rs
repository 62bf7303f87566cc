//! How uploads begin, one or a hundred at once: few words with the database, and the store's in parallel.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use sealmark_catalogue::{
    CatalogueError, CreateOutcome, IdempotencyKey, KnownContent, NewUpload, Protocol, Transport, UploadRow,
};
use sealmark_protocol::{
    Checksum, CreateUploadRequest, ErrorCode, Integrity, MediaId, PartNumber, PartPlan, Sha256Digest, Upload, UploadId,
    UploadState,
};
use sealmark_storage::ObjectKey;
use uuid::Uuid;

use super::{
    challenge,
    create::{conflict, file_name, is_media_type, plan},
    sign,
};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
};

/// Calls to the store at the same time for one request.
pub(crate) const AT_ONCE: usize = 16;
/// Seconds that a client waits when it has too many uploads open: some of them must end first.
const OPEN_RETRY_AFTER_S: u64 = 30;

/// One creation as it was asked for.
pub(crate) struct Asked {
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) request: CreateUploadRequest,
}

/// An upload that is there, and whether this request began it.
pub(crate) struct Begun {
    pub(crate) upload: Upload,
    pub(crate) fresh: bool,
}

/// A creation that is allowed.
struct Draft {
    asked: Asked,
    plan: PartPlan,
    /// What is signed together with it.
    parts: Vec<(PartNumber, Checksum)>,
}

/// Begins uploads; the outcomes in their order, and one that is refused does not hinder the others.
pub(crate) async fn begin(app: &App, caller: &Caller, asked: Vec<Asked>) -> Vec<Result<Begun, ApiError>> {
    let mut outcomes: Vec<Option<Result<Begun, ApiError>>> = asked.iter().map(|_| None).collect();
    let mut drafts = Vec::with_capacity(asked.len());
    for (index, asked) in asked.into_iter().enumerate() {
        match draft(app, caller, asked) {
            Ok(draft) => drafts.push((index, draft)),
            Err(error) => outcomes[index] = Some(Err(error)),
        }
    }
    let indices: Vec<usize> = drafts.iter().map(|(index, _)| *index).collect();
    match begin_drafts(app, caller, drafts, &mut outcomes).await {
        Ok(()) => {}
        // The database failed for all that have no outcome yet.
        Err(error) => {
            let mut code = Some(error);
            for index in indices {
                if outcomes[index].is_none() {
                    let again = code.as_ref().map_or(ErrorCode::DatabaseUnavailable, ApiError::code);
                    outcomes[index] = Some(Err(code.take().unwrap_or_else(|| ApiError::new(again))));
                    code = Some(ApiError::new(again));
                }
            }
        }
    }
    outcomes.into_iter().flatten().collect()
}

async fn begin_drafts(
    app: &App,
    caller: &Caller,
    drafts: Vec<(usize, Draft)>,
    outcomes: &mut [Option<Result<Begun, ApiError>>],
) -> Result<(), ApiError> {
    let fresh = answer_repeats(app, caller, drafts, outcomes).await?;
    let fresh = within_limits(app, caller, fresh, outcomes).await?;
    let known = known_contents(app, caller, &fresh).await?;
    let begun: Vec<(usize, Draft, Result<NewUpload, ApiError>)> = stream::iter(fresh)
        .map(|(index, draft)| {
            let known = known.get(&wanted(&draft)).cloned();
            async move {
                let new = in_the_store(app, caller, &draft, known).await;
                (index, draft, new)
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let (mut indices, mut drafts, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for (index, draft, outcome) in begun {
        match outcome {
            Ok(upload) => {
                indices.push(index);
                drafts.push(draft);
                new.push(upload);
            }
            Err(error) => outcomes[index] = Some(Err(error)),
        }
    }
    let recorded = app.catalogue.create_uploads(&new).await?;
    for (((index, draft), new), outcome) in indices.into_iter().zip(drafts).zip(new).zip(recorded) {
        outcomes[index] = Some(answer(app, &draft, new, outcome).await);
    }
    Ok(())
}

fn draft(app: &App, caller: &Caller, asked: Asked) -> Result<Draft, ApiError> {
    let plan = plan(app, caller, &asked.request)?;
    if asked.request.sign.len() > sign::BATCH {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because(format!(
            "at most {} parts to sign, got {}",
            sign::BATCH,
            asked.request.sign.len()
        )));
    }
    // Cut in another way than asked for, the parts that the client has hashed are none of ours.
    let as_asked =
        asked.request.part_size_bytes.is_none_or(|size| size == plan.part_size_bytes) || plan.part_count == 1;
    let to_sign = if as_asked { asked.request.sign.as_slice() } else { &[] };
    let parts = sign::checked(to_sign, plan, asked.request.integrity)?;
    if let (1, [(_, Checksum::Sha256(sha256))], Some(content)) = (plan.part_count, &parts[..], asked.request.content)
        && Sha256Digest::of(sha256.as_bytes()) != content
    {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because("content is not that of the part to sign"));
    }
    Ok(Draft { asked, plan, parts })
}

/// Answers those that came before under their idempotency key; the others.
async fn answer_repeats(
    app: &App,
    caller: &Caller,
    drafts: Vec<(usize, Draft)>,
    outcomes: &mut [Option<Result<Begun, ApiError>>],
) -> Result<Vec<(usize, Draft)>, ApiError> {
    let keys: Vec<&IdempotencyKey> = drafts.iter().filter_map(|(_, draft)| draft.asked.key.as_ref()).collect();
    let mut found = app.catalogue.find_by_idempotency_keys(&caller.tenant, &caller.user, &keys).await?.into_iter();
    let mut fresh = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts {
        let known = if draft.asked.key.is_some() { found.next().unwrap_or(Ok(None)) } else { Ok(None) };
        match known {
            Ok(None) => fresh.push((index, draft)),
            Ok(Some(row)) => outcomes[index] = Some(again(app, &draft, row).await),
            Err(error) => outcomes[index] = Some(Err(conflict(error))),
        }
    }
    Ok(fresh)
}

/// Refuses what is over the limits of the caller; the others.
async fn within_limits(
    app: &App,
    caller: &Caller,
    mut drafts: Vec<(usize, Draft)>,
    outcomes: &mut [Option<Result<Begun, ApiError>>],
) -> Result<Vec<(usize, Draft)>, ApiError> {
    if drafts.is_empty() {
        return Ok(drafts);
    }
    let mut refused = over_limits(app, caller, drafts.len()).await?;
    for (index, _) in drafts.drain(drafts.len() - refused.len()..) {
        outcomes[index] = refused.pop().map(Err);
    }
    Ok(drafts)
}

/// Lets the caller begin one upload, if that is within the limits.
pub(crate) async fn within_limit(app: &App, caller: &Caller) -> Result<(), ApiError> {
    over_limits(app, caller, 1).await?.pop().map_or(Ok(()), Err)
}

/// Takes the creations that the caller may have of `wanted`; an error for each of the others.
async fn over_limits(app: &App, caller: &Caller, wanted: usize) -> Result<Vec<ApiError>, ApiError> {
    let (mut room, mut refused) = (wanted, Vec::new());
    let cap = app.config.policy.open_uploads;
    if cap > 0 {
        let open = app.catalogue.count_open_uploads(&caller.tenant, &caller.user, cap).await?;
        room = wanted.min((cap - open.min(cap)) as usize);
        refused.extend((room..wanted).map(|_| {
            let error = ApiError::new(ErrorCode::RateLimited).because(format!("{cap} uploads are open already"));
            error.retry_after(OPEN_RETRY_AFTER_S)
        }));
    }
    let (granted, wait_s) = app.creations.take(&caller.tenant, &caller.user, room, Instant::now());
    refused.extend((granted..room).map(|_| {
        let limit = app.config.policy.creations_per_minute;
        let error = ApiError::new(ErrorCode::RateLimited).because(format!("{limit} uploads a minute may begin"));
        error.retry_after(wait_s)
    }));
    Ok(refused)
}

/// The content that a draft says it has, and how it is cut.
fn wanted(draft: &Draft) -> (Option<Sha256Digest>, PartPlan) {
    (draft.asked.request.content, draft.plan)
}

async fn known_contents(
    app: &App,
    caller: &Caller,
    drafts: &[(usize, Draft)],
) -> Result<HashMap<(Option<Sha256Digest>, PartPlan), KnownContent>, ApiError> {
    let wanted: Vec<(Sha256Digest, PartPlan)> = drafts
        .iter()
        .map(|(_, draft)| wanted(draft))
        .filter(|(_, plan)| plan.size_bytes <= challenge::COPY_LIMIT_BYTES)
        .filter_map(|(content, plan)| Some((content?, plan)))
        .collect();
    let known = app.catalogue.known_contents(&caller.tenant, &wanted).await?;
    Ok(known.into_iter().map(|((content, plan), known)| ((Some(content), plan), known)).collect())
}

/// The record of a fresh upload, with its multipart upload begun where it needs one.
async fn in_the_store(
    app: &App,
    caller: &Caller,
    draft: &Draft,
    known: Option<KnownContent>,
) -> Result<NewUpload, ApiError> {
    let request = &draft.asked.request;
    let media_id = MediaId::from_uuid(Uuid::now_v7());
    let source = ObjectKey::Raw { tenant: caller.tenant.clone(), user: caller.user.clone(), media_id };
    let content_type = request.content_type.as_deref().filter(|text| is_media_type(text));
    // A form outlives its upload, as no multipart upload does: without a checksum it could change the object afterwards.
    let form =
        request.form && app.config.policy.forms && draft.plan.part_count == 1 && request.integrity != Integrity::None;
    let transport = if form {
        Transport::Form
    } else {
        let store_upload_id = app.store.create(&source, content_type, request.integrity).await?.to_string();
        Transport::Multipart { store_upload_id }
    };
    let now_ms = now_ms();
    Ok(NewUpload {
        upload_id: UploadId::from_uuid(Uuid::now_v7()),
        media_id,
        tenant: caller.tenant.clone(),
        user_id: caller.user.clone(),
        source_key: source.to_string(),
        protocol: Protocol::Sealmark,
        transport,
        integrity: request.integrity,
        file_name: file_name(&request.file_name),
        content_type: content_type.map(str::to_owned),
        plan: draft.plan,
        parts: draft.parts.clone(),
        challenge: known.map(|known| challenge::fresh(known, now_ms)),
        idempotency_key: draft.asked.key.clone(),
        look_at_ms: None,
        now_ms,
    })
}

async fn answer(
    app: &App,
    draft: &Draft,
    new: NewUpload,
    outcome: Result<CreateOutcome, CatalogueError>,
) -> Result<Begun, ApiError> {
    let row = match outcome.map_err(conflict)? {
        CreateOutcome::Created(row) => row,
        CreateOutcome::Existing(row) => {
            if row.transport != new.transport
                && let Transport::Multipart { store_upload_id } = &new.transport
            {
                // Two equal requests at once: the other one's multipart upload is used, ours is nobody's.
                let key = ObjectKey::Raw { tenant: new.tenant, user: new.user_id, media_id: new.media_id };
                app.store.abort(&key, &sealmark_storage::StoreUploadId::new(store_upload_id)).await?;
            }
            return again(app, draft, row).await;
        }
    };
    let signed = sign::sign(app, &row, &draft.parts).await?;
    let challenge = new.challenge.map(|new| new.challenge);
    Ok(Begun { upload: Upload { signed, challenge, ..row.to_upload() }, fresh: true })
}

/// The answer to a repeat: the upload as it is now, with everything that the first answer may have told in vain.
async fn again(app: &App, draft: &Draft, row: UploadRow) -> Result<Begun, ApiError> {
    let mut upload = row.to_upload();
    if row.state == UploadState::Open {
        // The same request has recorded the same checksums.
        upload.signed = sign::sign(app, &row, &draft.parts).await?;
        if draft.asked.request.content.is_some() {
            let asked = app.catalogue.challenge(row.upload_id, row.plan, now_ms()).await?;
            upload.challenge = asked.map(|asked| asked.challenge);
        }
    }
    Ok(Begun { upload, fresh: false })
}

/// How long what is signed now works.
pub(crate) fn ttl(app: &App) -> Duration {
    Duration::from_secs(app.config.policy.part_url_ttl_s)
}
