//! Carrying out one command of an engine.

use std::rc::Rc;

use futures::future::abortable;
use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use js_sys::Reflect;
use sealmark_protocol::{ProofRequest, SignPartsRequest, UploadId};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::{
    api::Call,
    file, hash,
    put::put,
    record::Record,
    uploads::{Inner, now_ms},
};
use crate::{
    answer::Answer,
    engine::{CallError, Code, Command, Event, Identity, PutError, Ticket, UploadFailure},
    fleet::UploadNumber,
};

/// What an answer means.
type Reader = fn(&Inner, UploadNumber, Ticket, Result<Answer, CallError>) -> Event;

pub(super) fn path_of(upload_id: Option<UploadId>, rest: &str) -> String {
    match upload_id {
        Some(upload_id) => ["/v1/uploads/", &upload_id.to_string(), rest].concat(),
        None => "/v1/uploads".to_owned(),
    }
}

impl Inner {
    pub(super) fn perform(self: &Rc<Self>, number: UploadNumber, command: Command) {
        let (source, fingerprint, token) = match self.state.borrow_mut().entry(number) {
            Some(entry) => (entry.file.clone(), entry.fingerprint.clone(), entry.token.clone()),
            None => return,
        };
        let inner = Rc::clone(self);
        match command {
            Command::GetToken { ticket, expired } => self.spawn(number, ticket, async move {
                let outcome = match inner.host.token(token.filter(|_| expired)).await {
                    Ok(token) => {
                        if let Some(entry) = inner.state.borrow_mut().entry(number) {
                            entry.token = token.as_string();
                        }
                        Ok(())
                    }
                    Err(error) => Err(file::words(&error)),
                };
                Event::Token { ticket, outcome }
            }),
            Command::Identify { ticket } => self.spawn(number, ticket, async move {
                Event::Identified { ticket, outcome: inner.identify(number, source).await }
            }),
            Command::Create { ticket, idempotency_key, request } => {
                self.create((number, ticket, (idempotency_key, request)));
            }
            Command::Fetch { ticket, upload_id } => {
                let call = Call::new(Method::GET, path_of(Some(upload_id), ""));
                self.call(number, ticket, call, |_, _, ticket, answer| Event::Fetched {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Hash { ticket, offset, length, integrity } => self.spawn(number, ticket, async move {
                let hashed = hash::part(&inner.lanes, &source, offset, length, integrity).await;
                let outcome = hashed.map(|(checksum, bytes)| {
                    if let (Some(bytes), Some(entry)) = (bytes, inner.state.borrow_mut().entry(number)) {
                        entry.keep_bytes(offset, bytes);
                    }
                    checksum
                });
                Event::Hashed { ticket, outcome }
            }),
            Command::Prove { ticket, upload_id, challenge } => self.spawn(number, ticket, async move {
                let outcome = match file::prove(&source, &challenge).await {
                    Ok(sha256) => {
                        let call = Call::post(path_of(Some(upload_id), "/proof"), &ProofRequest { sha256 });
                        let answer = inner.answer(call, &token.unwrap_or_default()).await;
                        answer.and_then(|answer| answer.json()).map(|record| inner.keep(number, record))
                    }
                    // Sending will find out what is wrong with the file.
                    Err(_) => Err(CallError::BadAnswer),
                };
                Event::Proved { ticket, outcome }
            }),
            Command::Sign { ticket, upload_id, parts } => {
                let call = Call::post(path_of(Some(upload_id), "/parts"), &SignPartsRequest { parts });
                self.call(number, ticket, call, |_, _, ticket, answer| Event::Signed {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Put { ticket, request, offset, length } => {
                let bytes = self.state.borrow_mut().entry(number).and_then(|entry| entry.bytes_at(offset));
                self.spawn(number, ticket, async move {
                    let progress = Rc::clone(&inner);
                    let progress = move |sent_bytes| progress.step(number, Event::Progress { ticket, sent_bytes });
                    let address = inner.address();
                    let outcome = put(&source, bytes, &request, offset, length, progress).await;
                    if outcome.is_ok()
                        && let Some(entry) = inner.state.borrow_mut().entry(number)
                    {
                        entry.drop_bytes(offset);
                    }
                    let good = !matches!(outcome, Err(PutError::Network | PutError::Refused { status: 500..=599, .. }));
                    inner.count(&address, good);
                    Event::Put { ticket, outcome }
                });
            }
            Command::Complete { ticket, upload_id, request } => {
                self.complete((number, ticket, (upload_id, request)));
            }
            Command::Watch { ticket, media_id } => self.follow(media_id, number, ticket),
            Command::Look { ticket, media_id } => {
                let call = Call::new(Method::GET, ["/v1/media/", &media_id.to_string()].concat());
                self.call(number, ticket, call, |inner, number, ticket, answer| Event::Looked {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json::<Record>()).map(|record| inner.keep(number, record)),
                });
            }
            Command::Abort { ticket, upload_id } => {
                let call = Call::new(Method::DELETE, path_of(Some(upload_id), ""));
                self.call(number, ticket, call, |_, _, ticket, answer| Event::Aborted {
                    ticket,
                    outcome: answer.and_then(|answer| answer.empty()),
                });
            }
            Command::Stop { ticket } => {
                let task = {
                    let mut state = self.state.borrow_mut();
                    state.batches.forget(number, ticket);
                    state.followers.forget(number, ticket);
                    state.entry(number).and_then(|entry| entry.take_task(ticket))
                };
                if let Some(task) = task {
                    task.abort();
                }
            }
            Command::Wake { at_ms } => {
                let wait_ms = at_ms.saturating_sub(now_ms()).min(u64::from(u32::MAX >> 1)) as u32;
                let inner = Rc::downgrade(self);
                let timer = Timeout::new(wait_ms, move || {
                    if let Some(inner) = inner.upgrade() {
                        inner.step(number, Event::Woken);
                    }
                });
                if let Some(entry) = self.state.borrow_mut().entry(number) {
                    entry.timer = Some(timer);
                }
            }
            Command::Remember { upload_id, acknowledged_bytes } => {
                if let Some(fingerprint) = fingerprint {
                    let acknowledged_bytes = acknowledged_bytes as f64;
                    self.host.remember(&fingerprint, &upload_id.to_string(), acknowledged_bytes, &number.0.to_string());
                }
            }
            Command::Forget { media_id } => {
                if let Some(fingerprint) = fingerprint {
                    let media_id = media_id.map(|media_id| media_id.to_string());
                    self.host.forget(&fingerprint, &number.0.to_string(), media_id);
                }
            }
        }
    }

    /// Prepares the file, and looks whether it was begun before.
    async fn identify(&self, number: UploadNumber, source: File) -> Result<Identity, UploadFailure> {
        let id = number.0.to_string();
        let prepared = self.host.prepare(&id, &source).await.map_err(|error| {
            let code = Reflect::get(&error, &"code".into()).ok().and_then(|code| code.as_string());
            UploadFailure::new(Code::of_preparing(&code.unwrap_or_default()), file::words(&error))
        })?;
        let prepared: File = prepared.dyn_into().unwrap_or(source);
        // One whose edges cannot be read will fail when its parts are read, and say why.
        let fingerprint = file::fingerprint_of(&prepared).await.ok();
        let recalled = match &fingerprint {
            Some(fingerprint) => self.host.recall(fingerprint, &id).await.unwrap_or(JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        };
        let text = |name: &str| Reflect::get(&recalled, &name.into()).ok()?.as_string();
        let content_type = prepared.type_();
        let identity = Identity {
            file_name: prepared.name(),
            size_bytes: file::size_bytes(&prepared),
            content_type: (!content_type.is_empty()).then_some(content_type),
            resume: text("upload_id").and_then(|id| id.parse().ok()),
            made: text("media_id").and_then(|id| id.parse().ok()),
        };
        if let Some(entry) = self.state.borrow_mut().entry(number) {
            entry.file = prepared;
            entry.fingerprint = fingerprint;
        }
        Ok(identity)
    }

    /// Begins a call of the API; one function for all of them, which keeps the module small.
    fn call(self: &Rc<Self>, number: UploadNumber, ticket: Ticket, call: Call, read: Reader) {
        let inner = Rc::clone(self);
        self.spawn(number, ticket, async move {
            let answer = inner.answer(call, &inner.token_of(number)).await;
            read(&inner, number, ticket, answer)
        });
    }

    /// Begins work that ends with an event, unless it is broken off.
    fn spawn(self: &Rc<Self>, number: UploadNumber, ticket: Ticket, work: impl Future<Output = Event> + 'static) {
        let (work, handle) = abortable(work);
        if let Some(entry) = self.state.borrow_mut().entry(number) {
            entry.tasks.push((ticket, handle));
        }
        let inner = Rc::clone(self);
        spawn_local(async move {
            if let Ok(event) = work.await {
                inner.step(number, event);
            }
        });
    }
}
