//! Calls of the API: one at a time, each repeated as its class of error allows.

use sealmark_protocol::{
    CompleteRequest, CreateUploadRequest, ErrorCode, MediaRecord, SignPartsResponse, Upload, UploadState,
};

use super::{
    CallError, Code, Command, Engine, Known, MOST_REPAIRS, State, Ticket, UploadFailure, parts::Parts, watch::Watching,
};

/// Parts that one call signs, by the API's own limit.
const MOST_PARTS_A_BATCH: usize = 100;

/// The one call of the API that an upload makes at a time, and its token.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    out: Option<Out>,
    failed: u32,
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
        self.failed = 0;
        self.not_before_ms = 0;
    }

    /// The call lives: it is given more time.
    pub(super) fn extend(&mut self, deadline_ms: u64) {
        if let Some(out) = &mut self.out {
            out.deadline_ms = Some(deadline_ms);
        }
        self.failed = 0;
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
        if !self.call.has_token {
            self.call.out = Some(Out { ticket, deadline_ms: None });
            return self.push(Command::GetToken { ticket, expired: self.call.expired });
        }
        let timeout_ms = match self.state {
            State::Completing => self.limits.complete_timeout_ms,
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
            State::Creating | State::Fetching(_) | State::Completing | State::Watching(_) => true,
            State::Cancelling { .. } => true,
            State::Sending => self.wants_signatures(),
            State::Idle | State::Ready | State::Failed(_) | State::Cancelled => false,
        }
    }

    fn call_command(&mut self, ticket: Ticket) -> Option<Command> {
        let upload_id = self.known.map(|known| known.upload_id);
        Some(match &self.state {
            State::Creating => Command::Create {
                ticket,
                idempotency_key: format!("{}-{}", self.source.idempotency_key, self.creations),
                request: CreateUploadRequest {
                    content_type: self.source.content_type.clone(),
                    part_size_bytes: Some(self.limits.part_size_bytes),
                    ..CreateUploadRequest::new(self.source.file_name.clone(), self.source.size_bytes)
                },
            },
            State::Fetching(upload_id) => Command::Fetch { ticket, upload_id: *upload_id },
            State::Sending => {
                let parts = self.parts.as_mut()?.take_batch(MOST_PARTS_A_BATCH);
                Command::Sign { ticket, upload_id: upload_id?, parts }
            }
            State::Completing => {
                let parts = self.parts.as_ref()?.completed();
                Command::Complete { ticket, upload_id: upload_id?, request: CompleteRequest { parts } }
            }
            State::Watching(watching) => watching.command(ticket),
            State::Cancelling { .. } => Command::Abort { ticket, upload_id: upload_id.or(self.source.resume)? },
            State::Idle | State::Ready | State::Failed(_) | State::Cancelled => return None,
        })
    }

    /// Breaks the call off.
    pub(super) fn stop_call(&mut self) {
        if let Some(out) = self.call.out.take() {
            self.push(Command::Stop { ticket: out.ticket });
            self.return_batch();
        }
    }

    /// A call that took too long has failed.
    pub(super) fn expire_call(&mut self) {
        if let Some(Out { deadline_ms: Some(deadline_ms), .. }) = self.call.out
            && deadline_ms <= self.now_ms
        {
            self.stop_call();
            match self.state {
                State::Watching(_) => self.lost_sight(CallError::Network),
                State::Cancelling { .. } => self.abort_failed(&CallError::Network),
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
    pub(super) fn call_again(&mut self, error: &CallError, backoff: super::Backoff) -> bool {
        // Offline, the failure is the network's and costs nothing.
        if self.online {
            self.call.failed += 1;
            if self.call.failed >= backoff.attempts {
                return false;
            }
        }
        let asked = if let CallError::Refused { retry_after_ms, .. } = error { *retry_after_ms } else { None };
        self.call.not_before_ms = self.now_ms + backoff.wait_ms(self.call.failed, asked, &mut self.jitter);
        true
    }

    /// A call failed for a reason that its own handler knows nothing better about.
    fn call_failed(&mut self, error: CallError) {
        let again =
            self.renews_token(&error) || (error.is_transient() && self.call_again(&error, self.limits.call_backoff));
        if !again {
            self.fail(error.into());
        }
    }

    pub(super) fn created(&mut self, ticket: Ticket, outcome: Result<Upload, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(upload) => {
                self.call_succeeded();
                self.known = Some(Known { upload_id: upload.upload_id, media_id: upload.media_id });
                if !matches!(self.state, State::Cancelling { .. }) {
                    self.adopt(&upload);
                }
            }
            // Given up meanwhile: an upload that was made all the same is the sweeper's.
            Err(_) if matches!(self.state, State::Cancelling { .. }) => self.enter(State::Cancelled),
            Err(error) => self.call_failed(error),
        }
    }

    pub(super) fn fetched(&mut self, ticket: Ticket, outcome: Result<Upload, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(upload) => {
                self.call_succeeded();
                let known = Known { upload_id: upload.upload_id, media_id: upload.media_id };
                match upload.state {
                    UploadState::Open if upload.size_bytes == self.source.size_bytes => {
                        self.known = Some(known);
                        self.adopt(&upload);
                    }
                    UploadState::Completed => {
                        self.known = Some(known);
                        self.is_whole();
                    }
                    UploadState::Open | UploadState::Aborted => self.upload_is_gone(ErrorCode::UploadClosed),
                }
            }
            Err(CallError::Refused { code: code @ (ErrorCode::UploadNotFound | ErrorCode::UploadClosed), .. }) => {
                self.upload_is_gone(code);
            }
            Err(error) => self.call_failed(error),
        }
    }

    /// A fresh upload starts in the place of one that is gone.
    fn upload_is_gone(&mut self, code: ErrorCode) {
        if self.repair() {
            self.push(Command::Forget);
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

    /// Takes the server's plan and the store's parts.
    fn adopt(&mut self, upload: &Upload) {
        let plan = upload.plan();
        let covers = plan.part_count > 0
            && plan.part_size_bytes > 0
            && plan.size_bytes == self.source.size_bytes
            && plan.size_bytes.div_ceil(plan.part_size_bytes) == u64::from(plan.part_count);
        if !covers || plan.part_count > sealmark_protocol::MAX_PARTS {
            return self.fail(CallError::BadAnswer.into());
        }
        let first = self.parts.is_none();
        let parts = Parts::new(plan, &upload.parts, self.parts.as_ref());
        let stored = parts.stored_bytes();
        self.parts = Some(parts);
        if first && self.creations == 0 {
            self.resumed_bytes = stored;
        }
        self.pace.restart(self.now_ms);
        self.enter(State::Sending);
        self.acknowledge(stored);
    }

    pub(super) fn signed(&mut self, ticket: Ticket, outcome: Result<SignPartsResponse, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(answer) => {
                self.call_succeeded();
                if !self.parts.as_mut().is_some_and(|parts| parts.sign_batch(answer.parts)) {
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
        let repairable = self.repair();
        match self.known {
            Some(known) if repairable => self.enter(State::Fetching(known.upload_id)),
            _ => self.fail(UploadFailure::new(Code::Api(code), code.title())),
        }
    }

    pub(super) fn completed(&mut self, ticket: Ticket, outcome: Result<MediaRecord, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(record) => {
                self.call_succeeded();
                self.is_whole();
                self.show(record);
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
    fn is_whole(&mut self) {
        self.paused = false;
        self.acknowledged_bytes = self.source.size_bytes;
        self.parts = None;
        self.push(Command::Forget);
        if let Some(known) = self.known {
            self.enter(State::Watching(Watching::new(known.media_id)));
        }
    }

    pub(super) fn aborted(&mut self, ticket: Ticket, outcome: Result<(), CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(()) => self.enter(State::Cancelled),
            Err(error) => self.abort_failed(&error),
        }
    }

    fn abort_failed(&mut self, error: &CallError) {
        let State::Cancelling { completing } = self.state else { return };
        let closed = matches!(error, CallError::Refused { code: ErrorCode::UploadClosed, .. });
        if completing && closed {
            // Too late: the server had completed it. Showing the picture is better than denying it.
            self.ended_at_ms = None;
            return self.is_whole();
        }
        let creating = self.known.is_none() && self.source.resume.is_none();
        let again = !creating
            && (self.renews_token(error) || (error.is_transient() && self.call_again(error, self.limits.call_backoff)));
        if !again {
            // The user's word stands in any case; what is left on the server is the sweeper's.
            self.enter(State::Cancelled);
        }
    }
}
