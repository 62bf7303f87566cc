//! Doing what the engines say, in a Worker.

use std::{cell::RefCell, rc::Rc};

use futures::future::AbortHandle;
use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use sealmark_protocol::{Sha256Digest, UploadId};
use wasm_bindgen::prelude::*;
use web_sys::File;

use super::{
    Host,
    api::Call,
    changes::{EVERY_MS, Told},
    file,
    perform::path_of,
};
use crate::{
    engine::{Event, Limits, Source, Ticket},
    fleet::{Fleet, Stepped, UploadNumber},
};

/// Files that are sent at the same time.
const AT_ONCE: usize = 3;

/// The uploads of one page.
#[wasm_bindgen]
pub struct Uploads {
    inner: Rc<Inner>,
}

pub(super) struct Inner {
    pub(super) host: Host,
    /// Base URL of the API, without a slash at its end.
    pub(super) api: String,
    pub(super) state: RefCell<State>,
}

pub(super) struct State {
    fleet: Fleet,
    /// The file of the upload of number `n` is at `n - 1`.
    entries: Vec<Entry>,
    flush: Option<Timeout>,
}

pub(super) struct Entry {
    pub(super) file: File,
    /// `None` where the file's edges could not be read; it is then uploaded without a record.
    pub(super) fingerprint: Option<String>,
    pub(super) token: Option<String>,
    pub(super) timer: Option<Timeout>,
    pub(super) tasks: Vec<(Ticket, AbortHandle)>,
    told: Told,
}

#[wasm_bindgen]
impl Uploads {
    /// No uploads yet; `api` is an absolute URL, `concurrency` the parts of one file that are sent at once.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, api: &str, concurrency: usize) -> Self {
        let state = State {
            fleet: Fleet::new(Limits::with_concurrency(concurrency), AT_ONCE),
            entries: Vec::new(),
            flush: None,
        };
        let api = api.trim_end_matches('/').to_owned();
        Self { inner: Rc::new(Inner { host, api, state: RefCell::new(state) }) }
    }

    /// Adds a file; its number as text. A file that is already on its way keeps its number.
    pub async fn add(&self, file: File) -> String {
        let inner = Rc::clone(&self.inner);
        inner.add(file).await.0.to_string()
    }

    /// The user wants a break.
    pub fn pause(&self, id: &str) {
        self.inner.wish(id, Event::Pause);
    }

    /// The user wants to go on.
    pub fn resume(&self, id: &str) {
        self.inner.wish(id, Event::Resume);
    }

    /// The user gives the upload up.
    pub fn cancel(&self, id: &str) {
        self.inner.wish(id, Event::Cancel);
    }

    /// The user wants another try after a failure.
    pub fn retry(&self, id: &str) {
        self.inner.wish(id, Event::Retry);
    }

    /// The network is there or gone, as the browser says.
    pub fn set_online(&self, online: bool) {
        let event = if online { Event::Online } else { Event::Offline };
        let stepped = self.inner.state.borrow_mut().fleet.step_all(now_ms(), &event);
        self.inner.carry_out(stepped);
    }

    /// Whether the file with this fingerprint is on its way.
    pub fn is_active(&self, fingerprint: &str) -> bool {
        self.inner.state.borrow().active(fingerprint).is_some()
    }

    /// Gives an upload of an earlier visit up, on the server too as far as it can be reached.
    pub async fn abandon(&self, fingerprint: String, upload_id: String) {
        let inner = Rc::clone(&self.inner);
        let active = inner.state.borrow().active(&fingerprint);
        match active {
            Some(number) => inner.step(number, Event::Cancel),
            None => inner.abandon(&upload_id).await,
        }
    }
}

/// Milliseconds since 1970 UTC, by a clock that is not set while the page lives.
pub(super) fn now_ms() -> u64 {
    file::scope().performance().map_or(0.0, |clock| clock.time_origin() + clock.now()) as u64
}

impl State {
    fn active(&self, fingerprint: &str) -> Option<UploadNumber> {
        let same = |entry: &Entry| entry.fingerprint.as_deref() == Some(fingerprint);
        let mut numbered = (1..).map(UploadNumber).zip(&self.entries);
        numbered.find(|(number, entry)| same(entry) && self.fleet.is_active(*number)).map(|(number, _)| number)
    }

    pub(super) fn entry(&mut self, number: UploadNumber) -> Option<&mut Entry> {
        self.entries.get_mut((number.0 as usize).wrapping_sub(1))
    }
}

impl Entry {
    pub(super) fn take_task(&mut self, ticket: Ticket) -> Option<AbortHandle> {
        let index = self.tasks.iter().position(|(of, _)| *of == ticket)?;
        Some(self.tasks.swap_remove(index).1)
    }
}

impl Inner {
    async fn add(self: Rc<Self>, file: File) -> UploadNumber {
        let fingerprint = file::fingerprint_of(&file).await.ok();
        let resume = match &fingerprint {
            Some(fingerprint) => self.host.recall(fingerprint).await.ok().and_then(|found| found.as_string()),
            None => None,
        };
        let mut random = [0; 24];
        if let Some(crypto) = file::crypto() {
            let _ = crypto.get_random_values_with_u8_array(&mut random);
        }
        let (key, seed) = random.split_at(16);
        let content_type = file.type_();
        let source = Source {
            file_name: file.name(),
            size_bytes: file::size_bytes(&file),
            content_type: (!content_type.is_empty()).then_some(content_type),
            resume: resume.and_then(|upload_id| upload_id.parse().ok()),
            idempotency_key: Sha256Digest::of(key).to_hex()[..32].to_owned(),
            seed: seed.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
        };
        let (number, begun) = {
            let mut state = self.state.borrow_mut();
            // Asked only now: while this file was read, the same one may have been added again.
            if let Some(number) = fingerprint.as_deref().and_then(|fingerprint| state.active(fingerprint)) {
                return number;
            }
            let now_ms = now_ms();
            let told = Told::default();
            state.entries.push(Entry { file, fingerprint, token: None, timer: None, tasks: Vec::new(), told });
            (state.fleet.add(source, now_ms), state.fleet.start(now_ms))
        };
        self.carry_out(begun);
        self.tell(number);
        number
    }

    fn wish(self: &Rc<Self>, id: &str, event: Event) {
        if let Ok(number) = id.parse() {
            self.step(UploadNumber(number), event);
        }
    }

    pub(super) fn step(self: &Rc<Self>, number: UploadNumber, event: Event) {
        let stepped = {
            let mut state = self.state.borrow_mut();
            if let (Some(ticket), Some(entry)) = (event.ended(), state.entry(number)) {
                entry.take_task(ticket);
            }
            state.fleet.step(number, now_ms(), event)
        };
        self.carry_out(stepped);
    }

    fn carry_out(self: &Rc<Self>, stepped: Vec<Stepped>) {
        for Stepped { number, commands } in stepped {
            for command in commands {
                self.perform(number, command);
            }
            self.tell(number);
        }
    }

    /// Tells the page how an upload stands, now or a moment later.
    fn tell(self: &Rc<Self>, number: UploadNumber) {
        let snapshot = {
            let mut state = self.state.borrow_mut();
            let Some(snapshot) = state.fleet.snapshot(number) else { return };
            let now_ms = now_ms();
            if !state.entry(number).is_some_and(|entry| entry.told.is_due(snapshot.state, now_ms)) {
                if state.flush.is_none() {
                    let inner = Rc::downgrade(self);
                    state.flush = Some(Timeout::new(EVERY_MS, move || {
                        if let Some(inner) = inner.upgrade() {
                            inner.flush();
                        }
                    }));
                }
                return;
            }
            snapshot
        };
        if let Ok(json) = serde_json::to_string(&snapshot) {
            self.host.change(&json);
        }
    }

    fn flush(self: &Rc<Self>) {
        let count = {
            let mut state = self.state.borrow_mut();
            state.flush = None;
            state.entries.len()
        };
        for number in (1..=count as u32).map(UploadNumber) {
            let is_stale = self.state.borrow_mut().entry(number).is_some_and(|entry| entry.told.is_stale);
            if is_stale {
                self.tell(number);
            }
        }
    }

    async fn abandon(&self, upload_id: &str) {
        let Ok(upload_id) = upload_id.parse::<UploadId>() else { return };
        let mut refused = None;
        // Once more with a new token; whatever else goes wrong is left to the server's sweeper.
        for _ in 0..2 {
            let Ok(token) = self.host.token(refused.take()).await else { return };
            let token = token.as_string().unwrap_or_default();
            let call = Call::new(Method::DELETE, path_of(Some(upload_id), ""));
            match call.answer(&self.api, &token).await {
                Ok(answer) if answer.status == 401 => refused = Some(token),
                _ => return,
            }
        }
    }
}
