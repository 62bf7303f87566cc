//! Carrying out one command of an engine.

use std::rc::Rc;

use futures::future::abortable;
use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use sealmark_protocol::{SignPartsRequest, UploadId};
use wasm_bindgen_futures::spawn_local;

use super::{
    api::Call,
    file,
    put::put,
    uploads::{Inner, now_ms},
    watch::{News, watch},
};
use crate::{
    answer::Answer,
    engine::{CallError, Command, Event, Ticket},
    fleet::UploadNumber,
};

/// What an answer means.
type Reader = fn(Ticket, Result<Answer, CallError>) -> Event;

pub(super) fn path_of(upload_id: Option<UploadId>, rest: &str) -> String {
    match upload_id {
        Some(upload_id) => format!("/v1/uploads/{upload_id}{rest}"),
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
            Command::Create { ticket, idempotency_key, request } => {
                let mut call = Call::post(path_of(None, ""), serde_json::to_string(&request));
                call.idempotency_key = Some(idempotency_key);
                self.call(number, ticket, call, |ticket, answer| Event::Created {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Fetch { ticket, upload_id } => {
                let call = Call::new(Method::GET, path_of(Some(upload_id), ""));
                self.call(number, ticket, call, |ticket, answer| Event::Fetched {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Hash { ticket, offset, length } => self.spawn(number, ticket, async move {
                Event::Hashed { ticket, outcome: file::hash(&source, offset, length).await }
            }),
            Command::Sign { ticket, upload_id, parts } => {
                let body = serde_json::to_string(&SignPartsRequest { parts });
                let call = Call::post(path_of(Some(upload_id), "/parts"), body);
                self.call(number, ticket, call, |ticket, answer| Event::Signed {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Put { ticket, request, offset, length } => self.spawn(number, ticket, async move {
                let progress = move |sent_bytes| inner.step(number, Event::Progress { ticket, sent_bytes });
                let outcome = put(&source, &request, offset, length, progress).await;
                Event::Put { ticket, outcome }
            }),
            Command::Complete { ticket, upload_id, request } => {
                let call = Call::post(path_of(Some(upload_id), "/complete"), serde_json::to_string(&request));
                self.call(number, ticket, call, |ticket, answer| Event::Completed {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Watch { ticket, media_id } => self.spawn(number, ticket, async move {
                let tell = |news| {
                    let event = match news {
                        News::Record(record) => Event::Media { ticket, record: *record },
                        News::Alive => Event::Heartbeat { ticket },
                    };
                    inner.step(number, event);
                };
                let path = format!("/v1/media/{media_id}/events");
                let outcome = watch(path, &inner.api, &token.unwrap_or_default(), tell).await;
                Event::WatchEnded { ticket, outcome }
            }),
            Command::Look { ticket, media_id } => {
                let call = Call::new(Method::GET, format!("/v1/media/{media_id}"));
                self.call(number, ticket, call, |ticket, answer| Event::Looked {
                    ticket,
                    outcome: answer.and_then(|answer| answer.json()),
                });
            }
            Command::Abort { ticket, upload_id } => {
                let call = Call::new(Method::DELETE, path_of(Some(upload_id), ""));
                self.call(number, ticket, call, |ticket, answer| Event::Aborted {
                    ticket,
                    outcome: answer.and_then(|answer| answer.empty()),
                });
            }
            Command::Stop { ticket } => {
                let task = self.state.borrow_mut().entry(number).and_then(|entry| entry.take_task(ticket));
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
                    self.host.remember(&fingerprint, &upload_id.to_string(), acknowledged_bytes, &source);
                }
            }
            Command::Forget => {
                if let Some(fingerprint) = fingerprint {
                    self.host.forget(&fingerprint);
                }
            }
        }
    }

    /// Begins a call of the API; one function for all of them, which keeps the module small.
    fn call(self: &Rc<Self>, number: UploadNumber, ticket: Ticket, call: Call, read: Reader) {
        let token = self.state.borrow_mut().entry(number).and_then(|entry| entry.token.clone()).unwrap_or_default();
        let inner = Rc::clone(self);
        self.spawn(number, ticket, async move { read(ticket, call.answer(&inner.api, &token).await) });
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
