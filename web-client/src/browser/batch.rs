//! Creations and completions of many uploads in few calls: what comes up while a call is out goes with the next one.

use std::rc::Rc;

use sealmark_protocol::{
    CompleteBatchItem, CompleteBatchRequest, CompleteRequest, CreateBatchItem, CreateBatchRequest, CreateBatchResponse,
    CreateOutcome, CreateUploadRequest, Problem, Upload, UploadId,
};
use wasm_bindgen_futures::spawn_local;

use super::{
    api::Call,
    perform::path_of,
    record::{Completions, Record},
    uploads::Inner,
};
use crate::{
    engine::{CallError, Event, Ticket},
    fleet::UploadNumber,
};

/// Calls of one kind that are out at the same time.
const CALLS: usize = 2;
/// Most uploads in one call.
const MOST: usize = 50;

/// Who wants what.
type Wish<T> = (UploadNumber, Ticket, T);

/// What is to be asked for by the next calls.
pub(super) struct Batches {
    creations: Queue<CreateBatchItem>,
    completions: Queue<CompleteBatchItem>,
}

struct Queue<T> {
    wishes: Vec<Wish<T>>,
    out: usize,
}

impl<T> Queue<T> {
    const EMPTY: Self = Self { wishes: Vec::new(), out: 0 };

    /// The next call's, where one may go out.
    fn take(&mut self) -> Option<Vec<Wish<T>>> {
        if self.out >= CALLS || self.wishes.is_empty() {
            return None;
        }
        self.out += 1;
        let most = self.wishes.len().min(MOST);
        Some(self.wishes.drain(..most).collect())
    }

    fn forget(&mut self, number: UploadNumber, ticket: Ticket) {
        self.wishes.retain(|wish| (wish.0, wish.1) != (number, ticket));
    }
}

impl Batches {
    pub(super) const EMPTY: Self = Self { creations: Queue::EMPTY, completions: Queue::EMPTY };

    /// Takes back what has not been asked for yet; the outcome of what has is not wanted any more.
    pub(super) fn forget(&mut self, number: UploadNumber, ticket: Ticket) {
        self.creations.forget(number, ticket);
        self.completions.forget(number, ticket);
    }
}

impl Inner {
    pub(super) fn create(self: &Rc<Self>, wish: Wish<(String, CreateUploadRequest)>) {
        let (number, ticket, (idempotency_key, request)) = wish;
        let item = CreateBatchItem { idempotency_key, request };
        self.state.borrow_mut().batches.creations.wishes.push((number, ticket, item));
        // After whatever else this step does, for it may bring more creations.
        let inner = Rc::clone(self);
        spawn_local(async move { inner.send_creations() });
    }

    fn send_creations(self: Rc<Self>) {
        let Some(wishes) = self.state.borrow_mut().batches.creations.take() else { return };
        spawn_local(async move {
            let token = self.token_of(wishes[0].0);
            let alone = wishes.len() == 1;
            let (owners, mut items): (Vec<_>, Vec<_>) =
                wishes.into_iter().map(|(number, ticket, item)| ((number, ticket), item)).unzip();
            let mut outcomes: Vec<Result<Upload, CallError>> = Vec::new();
            if alone && let Some(item) = items.pop() {
                let mut call = Call::post(path_of(None, ""), &item.request);
                call.idempotency_key = Some(item.idempotency_key);
                outcomes.push(self.answer(call, &token).await.and_then(|answer| answer.json()));
            } else {
                let call = Call::post("/v1/uploads/batch".to_owned(), &CreateBatchRequest { uploads: items });
                let answer = self.answer(call, &token).await;
                match answer.and_then(|answer| answer.json::<CreateBatchResponse>()) {
                    Ok(answer) => outcomes.extend(answer.results.into_iter().map(|outcome| match outcome {
                        CreateOutcome::Upload(upload) => Ok(*upload),
                        CreateOutcome::Problem(problem) => Err(refused(problem)),
                    })),
                    Err(error) => outcomes.extend(owners.iter().map(|_| Err(error.clone()))),
                }
            }
            self.state.borrow_mut().batches.creations.out -= 1;
            for ((number, ticket), outcome) in owners.into_iter().zip(or_bad(outcomes)) {
                self.step(number, Event::Created { ticket, outcome });
            }
            self.send_creations();
        });
    }

    pub(super) fn complete(self: &Rc<Self>, wish: Wish<(UploadId, CompleteRequest)>) {
        let (number, ticket, (upload_id, request)) = wish;
        let item = CompleteBatchItem { upload_id, parts: request.parts };
        self.state.borrow_mut().batches.completions.wishes.push((number, ticket, item));
        let inner = Rc::clone(self);
        spawn_local(async move { inner.send_completions() });
    }

    fn send_completions(self: Rc<Self>) {
        let Some(wishes) = self.state.borrow_mut().batches.completions.take() else { return };
        spawn_local(async move {
            let token = self.token_of(wishes[0].0);
            let alone = wishes.len() == 1;
            let (owners, mut items): (Vec<_>, Vec<_>) =
                wishes.into_iter().map(|(number, ticket, item)| ((number, ticket), item)).unzip();
            let mut outcomes: Vec<Result<Record, CallError>> = Vec::new();
            if alone && let Some(item) = items.pop() {
                let path = path_of(Some(item.upload_id), "/complete");
                let call = Call::post(path, &CompleteRequest { parts: item.parts });
                outcomes.push(self.answer(call, &token).await.and_then(|answer| answer.json()));
            } else {
                let path = "/v1/uploads/batch/complete".to_owned();
                let answer = self.answer(Call::post(path, &CompleteBatchRequest { uploads: items }), &token).await;
                match answer.and_then(|answer| answer.json::<Completions>()) {
                    Ok(answer) => outcomes.extend(answer.results.into_iter().map(|outcome| outcome.map_err(refused))),
                    Err(error) => outcomes.extend(owners.iter().map(|_| Err(error.clone()))),
                }
            }
            self.state.borrow_mut().batches.completions.out -= 1;
            for ((number, ticket), outcome) in owners.into_iter().zip(or_bad(outcomes)) {
                let outcome = outcome.map(|record| self.keep(number, record));
                self.step(number, Event::Completed { ticket, outcome });
            }
            self.send_completions();
        });
    }
}

/// An answer that has too few outcomes is none for the rest.
fn or_bad<T>(outcomes: Vec<Result<T, CallError>>) -> impl Iterator<Item = Result<T, CallError>> {
    outcomes.into_iter().chain(std::iter::repeat_with(|| Err(CallError::BadAnswer)))
}

fn refused(problem: Problem) -> CallError {
    let Problem { status, code, detail, title, .. } = problem;
    CallError::Refused { status, code, message: detail.unwrap_or(title), retry_after_ms: None }
}
