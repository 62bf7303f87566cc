//! Following all pictures over one event stream: by fetch, for an `EventSource` cannot send a token.

use std::rc::Rc;

use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use js_sys::Uint8Array;
use sealmark_protocol::MediaId;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult};

use super::{
    api::Call,
    read::Read,
    record::{Record, Records},
    uploads::{Inner, now_ms},
    work::{Task, begin},
};
use crate::{
    answer::FromJson,
    engine::{CallError, Event, Ticket},
    fleet::UploadNumber,
    followers::Followers,
    sse::SseParser,
};

/// New followers are gathered for so long before their pictures are looked at, in milliseconds.
const GATHER_MS: u32 = 50;
/// After a look that failed the next one waits so long, in milliseconds.
const LOOK_AGAIN_MS: u32 = 5_000;
/// Followers are told at most this often that the stream lives, in milliseconds.
const ALIVE_MS: u64 = 5_000;

/// The one stream that brings the news of all pictures, while anybody waits for some.
#[derive(Default)]
pub(super) struct Watch {
    followers: Followers,
    stream: Option<Task>,
    is_open: bool,
    /// The next look, while the stream is open.
    gather: Option<Timeout>,
}

impl Watch {
    /// Lets one go; without any, the stream ends.
    pub(super) fn forget(&mut self, number: UploadNumber, ticket: Ticket) {
        if self.followers.forget(number, ticket)
            && let Some(stream) = std::mem::take(self).stream
        {
            stream.stop();
        }
    }
}

impl Inner {
    pub(super) fn follow(self: &Rc<Self>, media_id: MediaId, number: UploadNumber, ticket: Ticket) {
        let watch = &mut self.state.borrow_mut().watch;
        watch.followers.add(media_id, number, ticket);
        if watch.stream.is_none() {
            watch.stream = Some(begin(Box::pin(Rc::clone(self).stream())));
        } else {
            self.look_in(watch, GATHER_MS);
        }
    }

    /// Follows the stream until it ends.
    async fn stream(self: Rc<Self>) {
        let outcome = self.read_stream().await;
        self.stream_ended(outcome);
    }

    /// Tells all who wait for the stream that it has ended.
    fn stream_ended(self: &Rc<Self>, outcome: Result<(), CallError>) {
        let watch = std::mem::take(&mut self.state.borrow_mut().watch);
        if let Some(stream) = watch.stream {
            stream.stop();
        }
        for (number, ticket) in watch.followers.of(None) {
            self.step(number, Event::WatchEnded { ticket, outcome: outcome.clone() });
        }
    }

    async fn read_stream(self: &Rc<Self>) -> Result<(), CallError> {
        let call = Call::new(Method::GET, "/v1/media/events".to_owned());
        let sent = self.send(call).await?;
        if !sent.response.ok() {
            return sent.answer().await?.empty();
        }
        let stream = sent.response.body().ok_or(CallError::BadAnswer)?;
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        self.state.borrow_mut().watch.is_open = true;
        // Whatever happened before the stream was open is not told by it.
        self.look_soon();
        let mut parser = SseParser::default();
        let mut alive_at_ms = 0;
        loop {
            let piece = JsFuture::from(reader.read()).await.map_err(|_| CallError::Network)?;
            let piece: ReadableStreamReadResult = piece.unchecked_into();
            if piece.get_done() != Some(false) {
                return Ok(());
            }
            if now_ms() >= alive_at_ms + ALIVE_MS {
                alive_at_ms = now_ms();
                let followers = self.state.borrow().watch.followers.of(None);
                for (number, ticket) in followers {
                    self.step(number, Event::Heartbeat { ticket });
                }
            }
            for event in parser.push(&Uint8Array::new(&piece.get_value()).to_vec()) {
                // One that cannot be read, as of a state that only a newer server knows, says nothing of the others.
                if event.event == "media"
                    && let Some(record) = Record::from_json(&event.data)
                {
                    self.heard(record);
                }
            }
        }
    }

    /// Has new pictures looked at after a moment, with those that come until then.
    fn look_in(self: &Rc<Self>, watch: &mut Watch, wait_ms: u32) {
        if watch.is_open && watch.gather.is_none() {
            let inner = Rc::downgrade(self);
            watch.gather = Some(Timeout::new(wait_ms, move || {
                if let Some(inner) = inner.upgrade() {
                    inner.look_soon();
                }
            }));
        }
    }

    fn look_soon(self: &Rc<Self>) {
        begin(Box::pin(Rc::clone(self).look_at_fresh()));
    }

    /// Looks at the pictures of those who have come since the last look.
    async fn look_at_fresh(self: Rc<Self>) {
        loop {
            let fresh = {
                let watch = &mut self.state.borrow_mut().watch;
                watch.gather = None;
                watch.followers.take_fresh()
            };
            if fresh.is_empty() {
                return;
            }
            let mut path = "/v1/media?ids=".to_owned();
            for (index, id) in fresh.iter().enumerate() {
                if index > 0 {
                    path.push(',');
                }
                path.push_str(&id.to_text());
            }
            let answer = self.answer(Call::new(Method::GET, path)).await;
            match answer.and_then(|answer| Records::read(&answer.parsed()?).ok_or(CallError::BadAnswer)) {
                Ok(records) => {
                    for record in records.items {
                        self.heard(record);
                    }
                }
                Err(error) => return self.look_failed(&fresh, error),
            }
        }
    }

    /// The stream tells only what comes, and as long as it lives nobody looks for itself: these are looked at again.
    fn look_failed(self: &Rc<Self>, pictures: &[MediaId], error: CallError) {
        {
            let state = &mut *self.state.borrow_mut();
            // With a token that is refused it would fail for ever; whoever follows anew asks for another.
            if !state.bearer.is_wanted() {
                if state.watch.followers.look_again(pictures) {
                    self.look_in(&mut state.watch, LOOK_AGAIN_MS);
                }
                return;
            }
        }
        self.stream_ended(Err(error));
    }

    fn heard(self: &Rc<Self>, record: Record) {
        let followers = self.state.borrow().watch.followers.of(Some(record.news.media_id));
        for (number, ticket) in followers {
            let news = self.keep(number, record.clone());
            self.step(number, Event::Media { ticket, news });
        }
    }
}
