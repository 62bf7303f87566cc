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
    sse::SseParser,
};

/// Pictures that one call asks for.
const MOST_LOOKS: usize = 100;
/// New followers are gathered for so long before their pictures are looked at, in milliseconds.
const GATHER_MS: u32 = 50;
/// Followers are told at most this often that the stream lives, in milliseconds.
const ALIVE_MS: u64 = 5_000;

/// Who waits for news of which picture.
pub(super) struct Followers {
    followers: Vec<(MediaId, UploadNumber, Ticket)>,
    /// Those whose pictures were not looked at since they came; news of before would be missed.
    fresh: Vec<MediaId>,
    stream: Option<Task>,
    is_open: bool,
    gather: Option<Timeout>,
}

impl Followers {
    pub(super) const NONE: Self =
        Self { followers: Vec::new(), fresh: Vec::new(), stream: None, is_open: false, gather: None };

    /// Lets one go; without any, the stream ends.
    pub(super) fn forget(&mut self, number: UploadNumber, ticket: Ticket) {
        self.followers.retain(|follower| (follower.1, follower.2) != (number, ticket));
        if self.followers.is_empty()
            && let Some(stream) = self.stream.take()
        {
            stream.stop();
            self.is_open = false;
        }
    }
}

impl Inner {
    pub(super) fn follow(self: &Rc<Self>, media_id: MediaId, number: UploadNumber, ticket: Ticket) {
        let mut state = self.state.borrow_mut();
        let followers = &mut state.followers;
        followers.followers.push((media_id, number, ticket));
        followers.fresh.push(media_id);
        if followers.stream.is_none() {
            followers.stream = Some(begin(Box::pin(Rc::clone(self).stream(number))));
        } else if followers.is_open && followers.gather.is_none() {
            let inner = Rc::downgrade(self);
            followers.gather = Some(Timeout::new(GATHER_MS, move || {
                if let Some(inner) = inner.upgrade() {
                    inner.look_soon(number);
                }
            }));
        }
    }

    /// Follows the stream until it ends, and tells all who wait for it that it has.
    async fn stream(self: Rc<Self>, number: UploadNumber) {
        let outcome = Rc::clone(&self).read_stream(number).await;
        let followers = {
            let mut state = self.state.borrow_mut();
            state.followers.stream = None;
            state.followers.is_open = false;
            state.followers.fresh.clear();
            std::mem::take(&mut state.followers.followers)
        };
        for (_, number, ticket) in followers {
            self.step(number, Event::WatchEnded { ticket, outcome: outcome.clone() });
        }
    }

    async fn read_stream(self: Rc<Self>, number: UploadNumber) -> Result<(), CallError> {
        let call = Call::new(Method::GET, "/v1/media/events".to_owned());
        let sent = self.send(call, &self.token_of(number)).await?;
        if !sent.response.ok() {
            return sent.answer().await?.empty();
        }
        let stream = sent.response.body().ok_or(CallError::BadAnswer)?;
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        self.state.borrow_mut().followers.is_open = true;
        // Whatever happened before the stream was open is not told by it.
        self.look_soon(number);
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
                let followers = self.state.borrow().followers.followers.clone();
                for (_, number, ticket) in followers {
                    self.step(number, Event::Heartbeat { ticket });
                }
            }
            for event in parser.push(&Uint8Array::new(&piece.get_value()).to_vec()) {
                if event.event == "media" {
                    self.heard(Record::from_json(&event.data).ok_or(CallError::BadAnswer)?);
                }
            }
        }
    }

    fn look_soon(self: &Rc<Self>, number: UploadNumber) {
        begin(Box::pin(Rc::clone(self).look_at_fresh(number)));
    }

    /// Looks at the pictures of those who have come since the last look.
    async fn look_at_fresh(self: Rc<Self>, number: UploadNumber) {
        let fresh = {
            let mut state = self.state.borrow_mut();
            state.followers.gather = None;
            std::mem::take(&mut state.followers.fresh)
        };
        for some in fresh.chunks(MOST_LOOKS) {
            let mut path = "/v1/media?ids=".to_owned();
            for (index, id) in some.iter().enumerate() {
                if index > 0 {
                    path.push(',');
                }
                path.push_str(&id.to_text());
            }
            let call = Call::new(Method::GET, path);
            let answer = self.answer(call, &self.token_of(number)).await;
            // Where it fails the stream still brings what comes, and each upload looks for itself in time.
            if let Some(records) = answer.and_then(|answer| answer.parsed()).ok().and_then(|json| Records::read(&json))
            {
                for record in records.items {
                    self.heard(record);
                }
            }
        }
    }

    fn heard(self: &Rc<Self>, record: Record) {
        let follower = {
            let state = self.state.borrow();
            let mut followers = state.followers.followers.iter();
            followers.find(|follower| follower.0 == record.news.media_id).map(|follower| (follower.1, follower.2))
        };
        if let Some((number, ticket)) = follower {
            let news = self.keep(number, record);
            self.step(number, Event::Media { ticket, news });
        }
    }
}
