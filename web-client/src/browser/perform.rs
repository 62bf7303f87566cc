//! Carrying out one command of an engine.

use std::{pin::Pin, rc::Rc};

use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use sealmark_protocol::{
    Checksum, Integrity, MediaId, ProofRequest, SignPartsRequest, SignPartsResponse, Upload, UploadId,
};
use wasm_bindgen::prelude::*;
use web_sys::File;

use super::{
    api::Call,
    file, hash,
    put::put,
    read::{Read, field},
    record::Record,
    uploads::{Inner, now_ms},
    work::{Work, begin},
    write::object,
};
use crate::{
    decimal::decimal,
    engine::{CallError, Code, Command, Event, Identity, PutError, Ticket, UploadFailure},
    fleet::UploadNumber,
    news::MediaNews,
};

/// What an answer means.
pub(super) type Reader = fn(&Inner, UploadNumber, Ticket, Result<JsValue, CallError>) -> Event;

/// `/v1/uploads` and, below it, an upload and what is below that.
pub(super) fn path_of(upload_id: &str, rest: &str) -> String {
    let mut path = "/v1/uploads".to_owned();
    if !upload_id.is_empty() {
        path.push('/');
        path.push_str(upload_id);
        path.push_str(rest);
    }
    path
}

fn as_promised<T: Read>(answer: Result<JsValue, CallError>) -> Result<T, CallError> {
    T::read(&answer?).ok_or(CallError::BadAnswer)
}

pub(super) fn created(_: &Inner, _: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Created { ticket, outcome: as_promised(answer) }
}

pub(super) fn completed(
    inner: &Inner,
    number: UploadNumber,
    ticket: Ticket,
    answer: Result<JsValue, CallError>,
) -> Event {
    Event::Completed { ticket, outcome: inner.news(number, answer) }
}

fn fetched(_: &Inner, _: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Fetched { ticket, outcome: as_promised::<Upload>(answer) }
}

fn proved(inner: &Inner, number: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Proved { ticket, outcome: inner.news(number, answer) }
}

fn signed(_: &Inner, _: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Signed { ticket, outcome: as_promised::<SignPartsResponse>(answer) }
}

fn looked(inner: &Inner, number: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Looked { ticket, outcome: inner.news(number, answer) }
}

fn aborted(_: &Inner, _: UploadNumber, ticket: Ticket, answer: Result<JsValue, CallError>) -> Event {
    Event::Aborted { ticket, outcome: answer.map(drop) }
}

impl Inner {
    pub(super) fn perform(self: &Rc<Self>, number: UploadNumber, command: Command) {
        let (source, fingerprint) = match self.state.borrow_mut().entry(number) {
            Some(entry) => (entry.file.clone(), entry.fingerprint.clone()),
            None => return,
        };
        let inner = Rc::clone(self);
        match command {
            // Whether one has expired is known from the call itself.
            Command::GetToken { ticket, .. } => self.spawn(
                number,
                ticket,
                Box::pin(async move { Event::Token { ticket, outcome: inner.get_token().await } }),
            ),
            Command::Identify { ticket } => self.spawn(
                number,
                ticket,
                Box::pin(async move { Event::Identified { ticket, outcome: inner.identify(number, source).await } }),
            ),
            Command::Create { ticket, idempotency_key, request } => {
                self.create(number, ticket, idempotency_key, &request);
            }
            Command::Fetch { ticket, upload_id } => {
                let call = Call::new(Method::GET, path_of(&upload_id.to_text(), ""));
                self.call(number, ticket, call, fetched);
            }
            Command::Hash { ticket, offset, length, integrity } => self.spawn(
                number,
                ticket,
                Box::pin(async move {
                    // Once: where the store finds other bytes, the file has changed since.
                    let known = inner.state.borrow_mut().entry(number).and_then(|entry| entry.digest.take());
                    let outcome = match known.filter(|_| integrity == Integrity::Sha256) {
                        Some(digest) => Ok(Checksum::Sha256(digest)),
                        None => hash::part(&inner.host, &inner.lanes, &source, offset, length, integrity).await,
                    };
                    Event::Hashed { ticket, outcome }
                }),
            ),
            Command::Prove { ticket, upload_id, challenge } => self.spawn(
                number,
                ticket,
                Box::pin(async move {
                    match file::prove(&source, &challenge).await {
                        Ok(sha256) => {
                            let call = Call::new(Method::POST, path_of(&upload_id.to_text(), "/proof"));
                            inner.ask(number, ticket, call.with(&object(&ProofRequest { sha256 })), proved).await
                        }
                        // Sending will find out what is wrong with the file.
                        Err(_) => Event::Proved { ticket, outcome: Err(CallError::BadAnswer) },
                    }
                }),
            ),
            Command::Sign { ticket, upload_id, parts } => {
                let call = Call::new(Method::POST, path_of(&upload_id.to_text(), "/parts"));
                self.call(number, ticket, call.with(&object(&SignPartsRequest { parts })), signed);
            }
            Command::Put { ticket, request, offset, length } => {
                self.spawn(
                    number,
                    ticket,
                    Box::pin(async move {
                        let progress = Rc::clone(&inner);
                        let progress = move |sent_bytes| progress.step(number, Event::Progress { ticket, sent_bytes });
                        let asked = inner.asked();
                        let outcome = put(&source, &request, offset, length, progress).await;
                        let good =
                            !matches!(outcome, Err(PutError::Network | PutError::Refused { status: 500..=599, .. }));
                        asked.over(good);
                        Event::Put { ticket, outcome }
                    }),
                );
            }
            Command::Complete { ticket, upload_id, request } => {
                self.complete(number, ticket, upload_id, &request);
            }
            Command::Watch { ticket, media_id } => self.follow(media_id, number, ticket),
            Command::Look { ticket, media_id } => {
                let mut path = "/v1/media/".to_owned();
                path.push_str(&media_id.to_text());
                self.call(number, ticket, Call::new(Method::GET, path), looked);
            }
            Command::Abort { ticket, upload_id } => {
                let call = Call::new(Method::DELETE, path_of(&upload_id.to_text(), ""));
                self.call(number, ticket, call, aborted);
            }
            Command::Stop { ticket, hung } => {
                self.broken_off.take();
                let task = {
                    let mut state = self.state.borrow_mut();
                    state.batches.forget(number, ticket);
                    state.watch.forget(number, ticket);
                    state.entry(number).and_then(|entry| entry.take_task(ticket))
                };
                if let Some(task) = task {
                    task.stop();
                }
                if hung {
                    let state = &mut *self.state.borrow_mut();
                    state.has_moved |= state.endpoints.count(&self.broken_off.take(), false);
                }
                self.send_wishes();
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
                    self.host.remember(&fingerprint, &upload_id.to_text(), acknowledged_bytes, &decimal(number.0));
                }
            }
            Command::Forget { media_id } => {
                if let Some(fingerprint) = fingerprint {
                    let media_id = media_id.map(|media_id| media_id.to_text());
                    self.host.forget(&fingerprint, &decimal(number.0), media_id);
                }
            }
        }
    }

    /// Prepares the file, and looks whether it was begun before.
    async fn identify(&self, number: UploadNumber, source: File) -> Result<Identity, UploadFailure> {
        let id = decimal(number.0);
        let prepared = self.host.prepare(&source).await.map_err(|error| {
            let code = field(&error, "code").as_string();
            UploadFailure::new(Code::of_preparing(&code.unwrap_or_default()), file::words(&error))
        })?;
        let prepared: File = prepared.dyn_into().unwrap_or(source);
        // One whose edges cannot be read will fail when its parts are read, and say why.
        let (fingerprint, digest) = file::fingerprint_of(&prepared).await.ok().unzip();
        let recalled = match &fingerprint {
            Some(fingerprint) => self.host.recall(fingerprint, &id).await.unwrap_or(JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        };
        let text = |name: &str| field(&recalled, name).as_string();
        let content_type = prepared.type_();
        let identity = Identity {
            file_name: prepared.name(),
            size_bytes: file::size_bytes(&prepared),
            content_type: (!content_type.is_empty()).then_some(content_type),
            resume: text("upload_id").and_then(|id| UploadId::from_text(&id)),
            made: text("media_id").and_then(|id| MediaId::from_text(&id)),
        };
        if let Some(entry) = self.state.borrow_mut().entry(number) {
            entry.file = prepared;
            entry.fingerprint = fingerprint;
            entry.digest = digest.flatten();
        }
        Ok(identity)
    }

    fn call(self: &Rc<Self>, number: UploadNumber, ticket: Ticket, call: Call, read: Reader) {
        let inner = Rc::clone(self);
        self.spawn(number, ticket, Box::pin(async move { inner.ask(number, ticket, call, read).await }));
    }

    /// Makes a call of the API for an upload; one function for all of them, boxed, which keeps the module small.
    fn ask<'a>(
        self: &'a Rc<Self>,
        number: UploadNumber,
        ticket: Ticket,
        call: Call,
        read: Reader,
    ) -> Pin<Box<dyn Future<Output = Event> + 'a>> {
        Box::pin(async move {
            let answer = self.answer(call).await;
            read(self, number, ticket, answer.and_then(|answer| answer.parsed()))
        })
    }

    /// Keeps the picture's record that is the answer for the page; what the engine wants to know of it.
    fn news(&self, number: UploadNumber, answer: Result<JsValue, CallError>) -> Result<MediaNews, CallError> {
        as_promised(answer).map(|record: Record| self.keep(number, record))
    }

    /// Begins work that ends with an event, unless it is broken off.
    fn spawn(self: &Rc<Self>, number: UploadNumber, ticket: Ticket, work: Work<Event>) {
        let inner = Rc::clone(self);
        let task = begin(Box::pin(async move {
            let event = work.await;
            inner.step(number, event);
        }));
        if let Some(entry) = self.state.borrow_mut().entry(number) {
            entry.tasks.push((ticket, task));
        }
    }
}
