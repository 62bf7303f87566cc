//! Calls of the API: one at a time, each repeated as its class of error allows.

use sealmark_protocol::{CompleteRequest, ErrorCode, MediaId, SignPartsResponse, Upload, UploadState};

use super::{
    CallError, Code, Command, Engine, Known, MOST_REPAIRS, State, Ticket, UploadFailure, backoff::Attempts,
    parts::Parts, watch::Watching,
};
use crate::{decimal::decimal, news::MediaNews};

/// Parts that one call signs, by the API's own limit.
pub(super) const MOST_PARTS_A_BATCH: usize = 100;

/// The one call of the API that an upload makes at a time, and its token.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    out: Option<Out>,
    attempts: Attempts,
    not_before_ms: u64,
    /// Whether there is a token to call with.
    has_token: bool,
    /// Whether the API has refused the last token.
    expired: bool,
    /// Whether the token was renewed since the API last took one.
    pub(super) renewed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Out {
    ticket: Ticket,
    /// `None` while a person may have to enter a token.
    deadline_ms: Option<u64>,
}

impl Call {
    pub(super) const fn is_out(&self) -> bool {
        self.out.is_some()
    }

    /// Whether the API itself has been called, and not merely a token asked for.
    pub(super) fn is_with_the_server(&self) -> bool {
        self.out.is_some_and(|out| out.deadline_ms.is_some())
    }

    pub(super) const fn is_waiting(&self, now_ms: u64) -> bool {
        self.not_before_ms > now_ms
    }

    /// A new purpose: earlier failures do not count.
    pub(super) fn start_over(&mut self) {
        self.attempts = Attempts::default();
        self.not_before_ms = 0;
    }

    /// The call lives: it is given more time.
    pub(super) fn extend(&mut self, deadline_ms: u64) {
        if let Some(out) = &mut self.out {
            out.deadline_ms = Some(deadline_ms);
        }
        self.attempts = Attempts::default();
    }

    pub(super) fn delay_until(&mut self, at_ms: u64) {
        self.not_before_ms = at_ms;
    }

    /// Whether this is the outcome of the call that is out; then it no longer is.
    pub(super) fn take(&mut self, ticket: Ticket) -> bool {
        self.out.take_if(|out| out.ticket == ticket).is_some()
    }

    pub(super) fn is(&self, ticket: Ticket) -> bool {
        self.out.is_some_and(|out| out.ticket == ticket)
    }

    /// When to look again.
    pub(super) fn next_ms(&self, now_ms: u64, running: bool) -> Option<u64> {
        match self.out {
            Some(out) => out.deadline_ms,
            None => Some(self.not_before_ms).filter(|at_ms| running && *at_ms > now_ms),
        }
    }
}

impl Engine {
    /// Begins the call that the state asks for.
    pub(super) fn pump_call(&mut self) {
        if self.call.is_out() || self.call.is_waiting(self.now_ms) || !self.wants_call() {
            return;
        }
        self.call.not_before_ms = 0;
        let ticket = self.ticket();
        if matches!(self.state, State::Identifying) {
            // A person may have to answer, or another tab to finish: it takes the time that it takes.
            self.call.out = Some(Out { ticket, deadline_ms: None });
            return self.push(Command::Identify { ticket });
        }
        if !self.call.has_token {
            self.call.out = Some(Out { ticket, deadline_ms: None });
            return self.push(Command::GetToken { ticket, expired: self.call.expired });
        }
        let timeout_ms = match self.state {
            // The store puts the object together, or copies it.
            State::Completing | State::Proving(_) => self.limits.complete_timeout_ms,
            State::Watching(_) => self.limits.silence_timeout_ms,
            _ => self.limits.call_timeout_ms,
        };
        if let Some(command) = self.call_command(ticket) {
            self.call.out = Some(Out { ticket, deadline_ms: Some(self.now_ms + timeout_ms) });
            self.push(command);
        }
    }

    fn wants_call(&self) -> bool {
        match &self.state {
            State::Identifying | State::Creating | State::Fetching(_) | State::Proving(_) => true,
            State::Completing | State::Watching(_) | State::Cancelling { .. } | State::Leaving(_) => true,
            State::Sending => self.wants_list() || self.wants_signatures(),
            State::Idle | State::Hashing | State::Ready | State::Failed(_) | State::Cancelled => false,
        }
    }

    fn call_command(&mut self, ticket: Ticket) -> Option<Command> {
        let upload_id = self.known.map(|known| known.upload_id);
        Some(match &self.state {
            State::Creating => {
                let request = match &self.creation {
                    Some(request) => request.clone(),
                    None => self.creation_of_now()?,
                };
                self.creation = Some(request.clone());
                let mut idempotency_key = self.source.idempotency_key.clone();
                idempotency_key.push('-');
                idempotency_key.push_str(&decimal(self.creations));
                Command::Create { ticket, idempotency_key, request }
            }
            State::Proving(challenge) => Command::Prove { ticket, upload_id: upload_id?, challenge: challenge.clone() },
            State::Fetching(upload_id) => {
                self.parts.iter_mut().for_each(Parts::ask);
                Command::Fetch { ticket, upload_id: *upload_id }
            }
            State::Sending if self.wants_list() => {
                self.parts.as_mut()?.ask();
                Command::Fetch { ticket, upload_id: upload_id? }
            }
            State::Sending => {
                let parts = self.parts.as_mut()?.take_batch(MOST_PARTS_A_BATCH);
                Command::Sign { ticket, upload_id: upload_id?, parts }
            }
            State::Completing => {
                let parts = self.parts.as_ref()?.completed();
                Command::Complete { ticket, upload_id: upload_id?, request: CompleteRequest { parts } }
            }
            State::Watching(watching) => watching.command(ticket),
            State::Cancelling { .. } | State::Leaving(_) => {
                Command::Abort { ticket, upload_id: upload_id.or(self.resume)? }
            }
            State::Idle | State::Identifying | State::Hashing | State::Ready | State::Failed(_) | State::Cancelled => {
                return None;
            }
        })
    }

    /// Breaks the call off.
    pub(super) fn stop_call(&mut self) {
        self.break_call_off(false);
    }

    fn break_call_off(&mut self, hung: bool) {
        if let Some(out) = self.call.out.take() {
            self.push(Command::Stop { ticket: out.ticket, hung });
            if self.creation.is_none() {
                self.return_batch();
            }
        }
    }

    /// A call that took too long has failed.
    pub(super) fn expire_call(&mut self) {
        if let Some(Out { deadline_ms: Some(deadline_ms), .. }) = self.call.out
            && deadline_ms <= self.now_ms
        {
            self.break_call_off(true);
            match self.state {
                State::Watching(_) => self.lost_sight(CallError::Network),
                State::Leaving(_) => {
                    self.has_left();
                }
                State::Cancelling { .. } => self.abort_failed(&CallError::Network),
                State::Proving(_) => self.proof_unanswered(),
                _ => self.call_failed(CallError::Network),
            }
        }
    }

    pub(super) fn token(&mut self, ticket: Ticket, outcome: Result<(), String>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(()) => self.call.has_token = true,
            Err(_) if matches!(self.state, State::Cancelling { .. }) => self.enter(State::Cancelled),
            Err(_) if self.has_left() => {}
            Err(reason) => self.fail(UploadFailure::new(Code::NoToken, reason)),
        }
    }

    /// Whether the call shall simply be made again with a new token.
    pub(super) fn renews_token(&mut self, error: &CallError) -> bool {
        let refused = matches!(error, CallError::Refused { status: 401, .. });
        if !refused || self.call.renewed {
            return false;
        }
        self.call.has_token = false;
        self.call.expired = true;
        self.call.renewed = true;
        true
    }

    pub(super) fn call_succeeded(&mut self) {
        self.call.renewed = false;
        self.call.start_over();
    }

    /// Plans the next attempt; `false` when there is none left.
    pub(super) fn call_again(&mut self, error: &CallError) -> bool {
        // Offline, the failure is the network's and costs nothing.
        if !self.online {
            return true;
        }
        let asked = if let CallError::Refused { retry_after_ms, .. } = error { *retry_after_ms } else { None };
        let (now_ms, patience, trouble) = (self.now_ms, self.limits.patience(), error.trouble());
        match self.call.attempts.fail(now_ms, patience, trouble, asked, &mut self.jitter) {
            Some(wait_ms) => {
                self.call.not_before_ms = now_ms + wait_ms;
                true
            }
            None => false,
        }
    }

    /// A call failed for a reason that its own handler knows nothing better about.
    pub(super) fn call_failed(&mut self, error: CallError) {
        let again = self.renews_token(&error) || (error.is_transient() && self.call_again(&error));
        if !again {
            self.fail(error.into());
        }
    }

    pub(super) fn fetched(&mut self, ticket: Ticket, outcome: Result<Upload, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(upload) => {
                self.call_succeeded();
                self.store_is_away = false;
                let known = Known { upload_id: upload.upload_id, media_id: upload.media_id };
                match upload.state {
                    UploadState::Open if upload.size_bytes == self.source.size_bytes => {
                        self.known = Some(known);
                        self.adopt(upload);
                    }
                    UploadState::Completed => {
                        self.known = Some(known);
                        self.is_whole(known.media_id);
                    }
                    UploadState::Open | UploadState::Aborted => self.upload_is_gone(ErrorCode::UploadClosed),
                }
            }
            Err(CallError::Refused { code: code @ (ErrorCode::UploadNotFound | ErrorCode::UploadClosed), .. }) => {
                self.upload_is_gone(code);
            }
            Err(error) => {
                self.store_is_away = matches!(error, CallError::Refused { code: ErrorCode::StoreUnavailable, .. });
                self.call_failed(error);
            }
        }
    }

    /// A fresh upload starts in the place of one that is gone.
    fn upload_is_gone(&mut self, code: ErrorCode) {
        if self.repair() {
            self.push(Command::Forget { media_id: None });
            self.begin_anew();
        } else {
            self.fail(UploadFailure::new(Code::Api(code), code.title()));
        }
    }

    /// Whether the same trouble may be mended once more.
    pub(super) fn repair(&mut self) -> bool {
        self.repairs += 1;
        self.repairs <= MOST_REPAIRS
    }

    pub(super) fn signed(&mut self, ticket: Ticket, outcome: Result<SignPartsResponse, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(answer) => {
                self.call_succeeded();
                let now_ms = self.now_ms;
                if !self.parts.as_mut().is_some_and(|parts| parts.sign_batch(answer.parts, now_ms)) {
                    self.fail(CallError::BadAnswer.into());
                }
            }
            Err(CallError::Refused { code: ErrorCode::UploadNotFound | ErrorCode::UploadClosed, .. })
                if self.known.is_some() =>
            {
                self.ask_the_store(ErrorCode::UploadClosed);
            }
            Err(error) => {
                self.return_batch();
                self.call_failed(error);
            }
        }
    }

    /// Something does not fit what we believe of the upload: the server is asked where it stands.
    pub(super) fn ask_the_store(&mut self, code: ErrorCode) {
        self.stop_parts();
        self.stop_call();
        self.return_batch();
        let repairable = self.repair();
        match self.known {
            Some(known) if repairable => self.enter(State::Fetching(known.upload_id)),
            _ => self.fail(UploadFailure::new(Code::Api(code), code.title())),
        }
    }

    pub(super) fn completed(&mut self, ticket: Ticket, outcome: Result<MediaNews, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(news) => {
                self.call_succeeded();
                self.is_whole(news.media_id);
                self.show(news);
            }
            Err(CallError::Refused {
                code:
                    code @ (ErrorCode::PartsMissing
                    | ErrorCode::PartMismatch
                    | ErrorCode::UploadClosed
                    | ErrorCode::UploadNotFound),
                ..
            }) => self.ask_the_store(code),
            Err(error) => self.call_failed(error),
        }
    }

    /// The object is whole: nothing of the upload is left to do or to remember.
    pub(super) fn is_whole(&mut self, media_id: MediaId) {
        self.paused = false;
        self.acknowledged_bytes = self.source.size_bytes;
        self.stop_parts();
        self.parts = None;
        self.whole = Some(media_id);
        self.push(Command::Forget { media_id: Some(media_id) });
        self.enter(State::Watching(Watching::new(media_id)));
    }
}
