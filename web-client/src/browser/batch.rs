//! Creations and completions of many uploads in few calls: what comes up while a call is out goes with the next one.

use std::rc::Rc;

use gloo_net::http::Method;
use js_sys::Array;
use sealmark_protocol::{CompleteRequest, CreateUploadRequest, UploadId};
use wasm_bindgen::JsValue;

use super::{
    api::Call,
    perform::{Reader, completed, created, path_of},
    read::{field, problem},
    uploads::Inner,
    work::{Task, begin},
    write::{Json, Write, object},
};
use crate::{
    decimal::decimal,
    engine::{CallError, Ticket},
    fleet::UploadNumber,
};

/// Most uploads in one call.
const MOST: usize = 100;

/// What is asked for in batches.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `POST /v1/uploads/batch`.
    Creation,
    /// `POST /v1/uploads/batch/complete`.
    Completion,
}

/// One of those that are asked for together.
#[derive(Debug)]
pub struct Item {
    /// A creation's idempotency key, the upload that a completion is of.
    pub key: String,
    /// The body of a call for this one alone.
    pub body: JsValue,
}

/// The body of a call for several.
#[derive(Debug)]
pub struct Batch<'a> {
    /// What is asked for.
    pub kind: Kind,
    /// For which.
    pub items: Vec<&'a Item>,
}

impl Write for Batch<'_> {
    fn write(&self, json: &Json) {
        let items = Array::new();
        for item in &self.items {
            Json::of(&item.body).text(self.kind.names().1, &item.key);
            items.push(&item.body);
        }
        json.set("uploads", &items);
    }
}

/// Who wants what.
struct Wish {
    number: UploadNumber,
    ticket: Ticket,
    item: Item,
}

/// What is to be asked for by the next calls, by kind.
#[derive(Default)]
pub(super) struct Batches([Queue; 2]);

#[derive(Default)]
struct Queue {
    wishes: Vec<Wish>,
    /// Who waits for the answer of the one call that is out.
    asked: Vec<(UploadNumber, Ticket)>,
    /// Sends call after call, while there are wishes.
    sender: Option<Task>,
}

impl Batches {
    /// Takes back what has not been asked for yet. A call for which nobody waits any more is broken off, for it holds up
    /// those after it.
    pub(super) fn forget(&mut self, number: UploadNumber, ticket: Ticket) {
        for queue in &mut self.0 {
            queue.wishes.retain(|wish| (wish.number, wish.ticket) != (number, ticket));
            let asked = queue.asked.len();
            queue.asked.retain(|owner| *owner != (number, ticket));
            if asked > 0
                && queue.asked.is_empty()
                && let Some(sender) = queue.sender.take()
            {
                sender.stop();
            }
        }
    }
}

impl Kind {
    /// Path of a batch, what an item has over the body of a single call, and where an outcome has its good end.
    const fn names(self) -> (&'static str, &'static str, &'static str, Reader) {
        match self {
            Self::Creation => ("/v1/uploads/batch", "idempotency_key", "upload", created),
            Self::Completion => ("/v1/uploads/batch/complete", "upload_id", "media", completed),
        }
    }

    fn alone(self, item: &Item) -> Call {
        let mut call = Call::new(Method::POST, path_of("", ""));
        match self {
            Self::Creation => call.idempotency_key = Some(item.key.clone()),
            Self::Completion => call.path = path_of(&item.key, "/complete"),
        }
        call.with(&item.body)
    }

    /// The outcome for one of several, counted from 0.
    ///
    /// # Errors
    /// [`CallError::Refused`] for what this one was refused for; [`CallError::BadAnswer`] where there is none.
    pub fn outcome(self, answer: &JsValue, index: u32) -> Result<JsValue, CallError> {
        let json = field(&field(answer, "results"), &decimal(index));
        let value = field(&json, self.names().2);
        if value.is_undefined() {
            Err(problem(&field(&json, "problem")).unwrap_or(CallError::BadAnswer))
        } else {
            Ok(value)
        }
    }
}

impl Inner {
    pub(super) fn create(
        self: &Rc<Self>,
        number: UploadNumber,
        ticket: Ticket,
        key: String,
        body: &CreateUploadRequest,
    ) {
        self.wish_for(Kind::Creation, Wish { number, ticket, item: Item { key, body: object(body) } });
    }

    pub(super) fn complete(
        self: &Rc<Self>,
        number: UploadNumber,
        ticket: Ticket,
        of: UploadId,
        body: &CompleteRequest,
    ) {
        self.wish_for(Kind::Completion, Wish { number, ticket, item: Item { key: of.to_text(), body: object(body) } });
    }

    fn wish_for(self: &Rc<Self>, kind: Kind, wish: Wish) {
        self.state.borrow_mut().batches.0[kind as usize].wishes.push(wish);
        self.send_wishes();
    }

    /// Begins to send what is wished for, where nobody does.
    pub(super) fn send_wishes(self: &Rc<Self>) {
        for kind in [Kind::Creation, Kind::Completion] {
            let queue = &mut self.state.borrow_mut().batches.0[kind as usize];
            if queue.sender.is_none() && !queue.wishes.is_empty() {
                // After whatever else this step does, for it may bring more of them.
                queue.sender = Some(begin(Box::pin(Rc::clone(self).send_batches(kind))));
            }
        }
    }

    /// Sends what is wished for, in as many calls after each other as it takes.
    async fn send_batches(self: Rc<Self>, kind: Kind) {
        let (path, _, _, read) = kind.names();
        loop {
            let wishes: Vec<Wish> = {
                let queue = &mut self.state.borrow_mut().batches.0[kind as usize];
                let count = queue.wishes.len().min(MOST);
                if count == 0 {
                    queue.sender = None;
                    return;
                }
                let rest = queue.wishes.split_off(count);
                let wishes = std::mem::replace(&mut queue.wishes, rest);
                queue.asked = wishes.iter().map(|wish| (wish.number, wish.ticket)).collect();
                wishes
            };
            let call = if let [wish] = &wishes[..] {
                kind.alone(&wish.item)
            } else {
                let items = wishes.iter().map(|wish| &wish.item).collect();
                Call::new(Method::POST, path.to_owned()).with(&object(&Batch { kind, items }))
            };
            let answer = self.answer(call).await;
            self.state.borrow_mut().batches.0[kind as usize].asked.clear();
            let answer = answer.and_then(|answer| answer.parsed());
            let is_alone = wishes.len() == 1;
            for (index, wish) in wishes.into_iter().enumerate() {
                let outcome = match &answer {
                    Ok(json) if is_alone => Ok(json.clone()),
                    // An answer that has too few outcomes is none for the rest.
                    Ok(json) => kind.outcome(json, index as u32),
                    Err(error) => Err(error.clone()),
                };
                let event = read(&self, wish.number, wish.ticket, outcome);
                self.step(wish.number, event);
            }
        }
    }
}
