//! Doing what the engines say, in a Worker.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use js_sys::Array;
use sealmark_protocol::{Integrity, Sha256Digest, UploadId};
use wasm_bindgen::prelude::*;
use web_sys::File;

use super::{
    Host,
    api::{Call, Sent},
    batch::Batches,
    changes::{self, EVERY_MS, Told},
    file,
    hash::{self, Lanes},
    options::Options,
    perform::path_of,
    record::Record,
    watch::Watch,
    work::Task,
};
use crate::{
    answer::Answer,
    bearer::Bearer,
    decimal::decimal,
    engine::{CallError, Endpoints, Event, Source, Ticket},
    fleet::{Fleet, Stepped, UploadNumber},
    news::MediaNews,
};

/// The uploads of one page.
#[wasm_bindgen]
pub struct Uploads {
    inner: Rc<Inner>,
}

pub(super) struct Inner {
    pub(super) host: Host,
    pub(super) lanes: Lanes,
    pub(super) state: RefCell<State>,
    /// Where the request that was broken off last had gone; empty where it was over.
    pub(super) broken_off: Cell<String>,
}

pub(super) struct State {
    fleet: Fleet,
    pub(super) endpoints: Endpoints,
    /// Whether all are to ask another address, which they have not been told.
    pub(super) has_moved: bool,
    /// The file of the upload of number `n` is at `n - 1`.
    entries: Vec<Entry>,
    flush: Option<Timeout>,
    pub(super) bearer: Bearer,
    pub(super) batches: Batches,
    pub(super) watch: Watch,
}

pub(super) struct Entry {
    pub(super) file: File,
    /// `None` where the file's edges could not be read; it is then uploaded without a record.
    pub(super) fingerprint: Option<String>,
    pub(super) timer: Option<Timeout>,
    pub(super) tasks: Vec<(Ticket, Task)>,
    /// The digest of a short file, hashed when it was identified; it is used once.
    pub(super) digest: Option<Sha256Digest>,
    /// The picture's record as the API last sent it; null before.
    record: JsValue,
    told: Told,
}

#[wasm_bindgen]
impl Uploads {
    /// No uploads yet.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, options: &JsValue) -> Self {
        let Options { apis, mut limits, hint } = Options::read(options);
        if limits.integrity == Integrity::Sha256 && !hash::is_by_browser() {
            // As many as there are lanes.
            limits.hash_at_once = 4;
        }
        let state = State {
            fleet: Fleet::new(limits, hint),
            endpoints: Endpoints::new(apis),
            has_moved: false,
            entries: Vec::new(),
            flush: None,
            bearer: Bearer::default(),
            batches: Batches::default(),
            watch: Watch::default(),
        };
        let (state, broken_off) = (RefCell::new(state), Cell::default());
        Self { inner: Rc::new(Inner { host, lanes: Lanes::default(), state, broken_off }) }
    }

    /// Adds files; their numbers as text. Nothing is read yet.
    pub fn add(&self, files: &Array, priority: i32) -> Array {
        let numbers: Vec<UploadNumber> =
            files.iter().filter_map(|file| file.dyn_into().ok()).map(|file| self.inner.add(file, priority)).collect();
        let begun = self.inner.state.borrow_mut().fleet.start(now_ms());
        self.inner.carry_out(begun);
        let ids = Array::new();
        for number in numbers {
            ids.push(&JsValue::from_str(&decimal(number.0)));
        }
        ids
    }

    /// The user wants a break: one upload or, without an id, all.
    pub fn pause(&self, id: Option<String>) {
        self.inner.wish(id, Event::Pause);
    }

    /// The user wants to go on.
    pub fn resume(&self, id: Option<String>) {
        self.inner.wish(id, Event::Resume);
    }

    /// The user gives it up.
    pub fn cancel(&self, id: Option<String>) {
        self.inner.wish(id, Event::Cancel);
    }

    /// The user wants another try after a failure.
    pub fn retry(&self, id: Option<String>) {
        self.inner.wish(id, Event::Retry);
    }

    /// What has a higher priority is sent first.
    pub fn set_priority(&self, id: &str, priority: i32) {
        if let Ok(number) = id.parse() {
            let stepped = self.inner.state.borrow_mut().fleet.set_priority(UploadNumber(number), priority, now_ms());
            self.inner.carry_out(stepped);
        }
    }

    /// The network is there or gone, as the browser says.
    pub fn set_online(&self, online: bool) {
        self.inner.tell_all(&if online { Event::Online } else { Event::Offline });
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
    pub(super) fn take_task(&mut self, ticket: Ticket) -> Option<Task> {
        let index = self.tasks.iter().position(|(of, _)| *of == ticket)?;
        Some(self.tasks.swap_remove(index).1)
    }
}

impl Inner {
    fn add(self: &Rc<Self>, file: File, priority: i32) -> UploadNumber {
        let mut random = [0; 24];
        if let Some(crypto) = file::crypto() {
            let _ = crypto.get_random_values_with_u8_array(&mut random);
        }
        let (key, seed) = random.split_at(16);
        let source = Source {
            file_name: file.name(),
            size_bytes: file::size_bytes(&file),
            content_type: None,
            idempotency_key: Sha256Digest::of(key).to_hex()[..32].to_owned(),
            seed: seed.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
        };
        let number = {
            let mut state = self.state.borrow_mut();
            state.entries.push(Entry {
                file,
                fingerprint: None,
                timer: None,
                tasks: Vec::new(),
                digest: None,
                record: JsValue::NULL,
                told: Told::default(),
            });
            state.fleet.add(source, priority, now_ms())
        };
        self.tell(number);
        number
    }

    fn wish(self: &Rc<Self>, id: Option<String>, event: Event) {
        match id {
            Some(id) => {
                if let Ok(number) = id.parse() {
                    self.step(UploadNumber(number), event);
                }
            }
            None => self.tell_all(&event),
        }
    }

    pub(super) fn tell_all(self: &Rc<Self>, event: &Event) {
        let stepped = self.state.borrow_mut().fleet.step_all(now_ms(), event);
        self.carry_out(stepped);
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
        // Only now, for what the steps above want done would come after what this one wants.
        let has_moved = std::mem::take(&mut self.state.borrow_mut().has_moved);
        if has_moved {
            self.tell_all(&Event::Moved);
        }
    }

    /// Keeps a picture's record for the page; what the engine wants to know of it.
    pub(super) fn keep(&self, number: UploadNumber, record: Record) -> MediaNews {
        if let Some(entry) = self.state.borrow_mut().entry(number) {
            entry.record = record.object;
        }
        record.news
    }

    /// Has a token, asking the page where there is none or the API has refused it.
    pub(super) async fn get_token(&self) -> Result<(), String> {
        let is_wanted = self.state.borrow().bearer.is_wanted();
        if is_wanted {
            let refused = self.state.borrow().bearer.refused();
            let token = self.host.token(refused).await.map_err(|error| file::words(&error))?;
            self.state.borrow_mut().bearer.take(token.as_string().unwrap_or_default());
        }
        Ok(())
    }

    /// Sends a call; the answer's body is still to be read.
    pub(super) async fn send(self: &Rc<Self>, call: Call) -> Result<Sent, CallError> {
        let (asked, token) = (self.asked(), self.state.borrow().bearer.token());
        let sent = call.send(&asked.address, &token).await;
        let status = sent.as_ref().map_or(599, |sent| sent.response.status());
        if status == 401 {
            self.state.borrow_mut().bearer.refuse(&token);
        }
        asked.over(status < 500);
        sent
    }

    /// Sends a call and reads the whole answer.
    pub(super) async fn answer(self: &Rc<Self>, call: Call) -> Result<Answer, CallError> {
        self.send(call).await?.answer().await
    }

    /// Tells the page how an upload stands, now or a moment later.
    fn tell(self: &Rc<Self>, number: UploadNumber) {
        let (snapshot, record) = {
            let mut state = self.state.borrow_mut();
            let Some(snapshot) = state.fleet.snapshot(number) else { return };
            let now_ms = now_ms();
            let Some(entry) = state.entry(number) else { return };
            if !entry.told.is_due(snapshot.state, now_ms) {
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
            (snapshot, entry.record.clone())
        };
        changes::tell(&self.host, &snapshot, &record);
    }

    fn flush(self: &Rc<Self>) {
        let stale: Vec<UploadNumber> = {
            let mut state = self.state.borrow_mut();
            state.flush = None;
            let numbered = (1..).map(UploadNumber).zip(&state.entries);
            numbered.filter(|(_, entry)| entry.told.is_stale).map(|(number, _)| number).collect()
        };
        for number in stale {
            self.tell(number);
        }
    }

    async fn abandon(self: &Rc<Self>, upload_id: &str) {
        if UploadId::from_text(upload_id).is_none() {
            return;
        }
        // Once more with a new token; whatever else goes wrong is left to the server's sweeper.
        for _ in 0..2 {
            if self.get_token().await.is_err() {
                return;
            }
            let call = Call::new(Method::DELETE, path_of(upload_id, ""));
            if !self.answer(call).await.is_ok_and(|answer| answer.status == 401) {
                return;
            }
        }
    }
}
