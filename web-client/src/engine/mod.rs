//! The state machine of one upload: events in, commands out.
//!
//! create or fetch → hash → sign → PUT → complete → follow the picture. A driver does what the commands say and
//! reports back; it decides nothing.
//!
//! *Invariant:* pure. Times come with the events, random numbers from a seed; no clock, files, network or threads.

mod backoff;
mod calls;
mod command;
mod event;
mod failure;
mod options;
mod pace;
mod parts;
#[cfg(test)]
mod simulation;
mod snapshot;
#[cfg(test)]
mod tests;
mod transfer;
mod watch;
#[cfg(test)]
mod world;

use std::mem;

use sealmark_protocol::{ErrorCode, MediaId, MediaRecord, UploadId};

pub use self::{
    backoff::Backoff,
    command::{Command, Ticket},
    event::{CallError, Event, PutError, ReadError},
    failure::{Code, UploadFailure},
    options::{Limits, Source},
    snapshot::{Snapshot, Standing},
};
use self::{backoff::Jitter, calls::Call, pace::Pace, parts::Parts, watch::Watching};

/// The state of one upload.
#[derive(Debug, Clone)]
enum State {
    /// Not its turn yet.
    Idle,
    /// The server is asked for a new upload.
    Creating,
    /// The server is asked where a known upload stands.
    Fetching(UploadId),
    /// Parts travel.
    Sending,
    /// Every part is stored; the server is asked to complete.
    Completing,
    /// The object is whole; the picture is followed.
    Watching(Watching),
    /// Given up, the server is being told. Over, as far as the user is concerned.
    Cancelling {
        /// Whether the server may have completed the upload before it heard.
        completing: bool,
    },
    /// The picture has its version.
    Ready,
    /// Over.
    Failed(UploadFailure),
    /// Given up, and the server knows.
    Cancelled,
}

/// The upload as the server knows it.
#[derive(Debug, Clone, Copy)]
struct Known {
    upload_id: UploadId,
    media_id: MediaId,
}

/// How often the same thing may be mended before the upload fails: it must end, however the server answers.
const MOST_REPAIRS: u32 = 3;

/// One upload.
#[derive(Debug, Clone)]
pub struct Engine {
    source: Source,
    limits: Limits,
    state: State,
    paused: bool,
    online: bool,
    now_ms: u64,
    started_at_ms: u64,
    ended_at_ms: Option<u64>,
    known: Option<Known>,
    parts: Option<Parts>,
    media: Option<MediaRecord>,
    call: Call,
    pace: Pace,
    jitter: Jitter,
    resumed_bytes: u64,
    acknowledged_bytes: u64,
    creations: u32,
    repairs: u32,
    tickets: u32,
    wake_at_ms: Option<u64>,
    commands: Vec<Command>,
}

impl Engine {
    /// An upload that waits for [`Event::Start`]; `now_ms` is milliseconds since 1970 UTC, as in every step.
    pub fn new(source: Source, limits: Limits, now_ms: u64) -> Self {
        Self {
            jitter: Jitter::new(source.seed),
            source,
            limits,
            state: State::Idle,
            paused: false,
            online: true,
            now_ms,
            started_at_ms: now_ms,
            ended_at_ms: None,
            known: None,
            parts: None,
            media: None,
            call: Call::default(),
            pace: Pace::default(),
            resumed_bytes: 0,
            acknowledged_bytes: 0,
            creations: 0,
            repairs: 0,
            tickets: 0,
            wake_at_ms: None,
            commands: Vec::new(),
        }
    }

    /// Takes one event and says what is to be done now. The outcome of work that was stopped, or that is not this
    /// engine's, changes nothing.
    pub fn step(&mut self, now_ms: u64, event: Event) -> Vec<Command> {
        // Clocks are set back; durations are not.
        self.now_ms = self.now_ms.max(now_ms);
        self.apply(event);
        self.expire_call();
        self.expire_parts();
        self.pump();
        self.arm();
        mem::take(&mut self.commands)
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Start => self.start(),
            Event::Pause => self.pause(),
            Event::Resume => self.resume(),
            Event::Cancel => self.cancel(),
            Event::Retry => self.retry(),
            Event::Offline => self.offline(),
            Event::Online => self.online(),
            Event::Woken => {}
            Event::Token { ticket, outcome } => self.token(ticket, outcome),
            Event::Created { ticket, outcome } => self.created(ticket, outcome),
            Event::Fetched { ticket, outcome } => self.fetched(ticket, outcome),
            Event::Signed { ticket, outcome } => self.signed(ticket, outcome),
            Event::Completed { ticket, outcome } => self.completed(ticket, outcome),
            Event::Aborted { ticket, outcome } => self.aborted(ticket, outcome),
            Event::Hashed { ticket, outcome } => self.hashed(ticket, outcome),
            Event::Progress { ticket, sent_bytes } => self.progress(ticket, sent_bytes),
            Event::Put { ticket, outcome } => self.put(ticket, outcome),
            Event::Media { ticket, record } => self.media(ticket, record),
            Event::Looked { ticket, outcome } => self.looked(ticket, outcome),
            Event::Heartbeat { ticket } => self.heartbeat(ticket),
            Event::WatchEnded { ticket, outcome } => self.watch_ended(ticket, outcome),
        }
    }

    fn start(&mut self) {
        if !matches!(self.state, State::Idle) {
            return;
        }
        if self.source.size_bytes == 0 {
            return self.fail(UploadFailure::new(Code::Api(ErrorCode::EmptyFile), "the file is empty"));
        }
        match self.source.resume {
            Some(upload_id) => self.enter(State::Fetching(upload_id)),
            None => self.begin_anew(),
        }
    }

    /// Asks for a new upload, under a new idempotency key.
    fn begin_anew(&mut self) {
        self.source.resume = None;
        self.known = None;
        self.parts = None;
        self.acknowledged_bytes = 0;
        self.resumed_bytes = 0;
        self.creations += 1;
        self.enter(State::Creating);
    }

    /// Changes the state; what was tried before does not count against it.
    fn enter(&mut self, state: State) {
        self.call.start_over();
        self.state = state;
        if self.standing().is_final() && self.ended_at_ms.is_none() {
            self.ended_at_ms = Some(self.now_ms);
        }
    }

    fn pause(&mut self) {
        let can_wait = matches!(
            self.state,
            State::Idle | State::Creating | State::Fetching(_) | State::Sending | State::Completing
        );
        if can_wait && !self.paused {
            self.paused = true;
            self.halt();
        }
    }

    fn resume(&mut self) {
        if mem::take(&mut self.paused) {
            self.continue_from_the_store();
        }
    }

    fn offline(&mut self) {
        if mem::take(&mut self.online) {
            self.halt();
        }
    }

    fn online(&mut self) {
        if !mem::replace(&mut self.online, true) {
            // Whatever failed on the way into the outage was the outage's doing.
            self.call.start_over();
            self.continue_from_the_store();
        }
    }

    /// After a break the store's own list says which parts it has: the answer to a PUT may have been lost.
    fn continue_from_the_store(&mut self) {
        if let (State::Sending, Some(known), false, true) = (&self.state, self.known, self.paused, self.online) {
            self.enter(State::Fetching(known.upload_id));
        }
        self.pace.restart(self.now_ms);
    }

    /// Breaks off what a break breaks off. A creation and a completion are left to finish: stopping them would leave
    /// an upload behind that nobody knows of.
    fn halt(&mut self) {
        self.stop_parts();
        if !matches!(self.state, State::Creating | State::Completing | State::Cancelling { .. }) {
            self.stop_call();
        }
        self.pace.restart(self.now_ms);
    }

    fn cancel(&mut self) {
        let over = match &self.state {
            // The picture exists already; deleting pictures is another matter.
            State::Watching(_) | State::Ready | State::Cancelling { .. } | State::Cancelled => true,
            State::Failed(_) => self.media.is_some(),
            _ => false,
        };
        if over {
            return;
        }
        let completing = matches!(self.state, State::Completing);
        let creating = matches!(self.state, State::Creating) && self.call.is_with_the_server();
        self.paused = false;
        self.stop_parts();
        if !creating {
            self.stop_call();
        }
        self.push(Command::Forget);
        if creating || self.known.is_some() || self.source.resume.is_some() {
            self.enter(State::Cancelling { completing });
        } else {
            self.enter(State::Cancelled);
        }
    }

    fn retry(&mut self) {
        let State::Failed(failure) = &self.state else { return };
        let spent = failure.code.spends_upload();
        if self.media.as_ref().is_some_and(|media| media.state.is_final()) {
            return;
        }
        self.repairs = 0;
        self.ended_at_ms = None;
        self.call.renewed = false;
        match (self.known, self.source.resume) {
            (Some(known), _) if self.media.is_some() => self.enter(State::Watching(Watching::new(known.media_id))),
            (Some(known), _) if !spent => self.enter(State::Fetching(known.upload_id)),
            (None, Some(upload_id)) if !spent => self.enter(State::Fetching(upload_id)),
            _ => self.begin_anew(),
        }
    }

    fn fail(&mut self, failure: UploadFailure) {
        self.stop_parts();
        self.stop_call();
        if failure.code.spends_upload() {
            self.push(Command::Forget);
        }
        self.paused = false;
        self.enter(State::Failed(failure));
    }

    /// Begins whatever can begin now.
    fn pump(&mut self) {
        if self.paused || !self.online {
            return;
        }
        if matches!(self.state, State::Sending) {
            self.pump_parts();
        }
        self.pump_call();
    }

    /// Asks to be woken for the next wait or timeout, unless an earlier time has been asked for.
    fn arm(&mut self) {
        if self.wake_at_ms.is_some_and(|at_ms| at_ms <= self.now_ms) {
            self.wake_at_ms = None;
        }
        let running = self.online && !self.paused;
        let wanted = [self.call.next_ms(self.now_ms, running), self.parts_next_ms(running)].into_iter().flatten().min();
        if let Some(at_ms) = wanted {
            let at_ms = at_ms.max(self.now_ms + 1);
            if self.wake_at_ms.is_none_or(|armed_ms| at_ms < armed_ms) {
                self.wake_at_ms = Some(at_ms);
                self.push(Command::Wake { at_ms });
            }
        }
    }

    fn push(&mut self, command: Command) {
        self.commands.push(command);
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        Ticket(self.tickets)
    }

    /// Whether this upload waits for its turn.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && !self.paused
    }

    /// Whether this upload counts among those that send at the same time.
    pub fn is_sending(&self) -> bool {
        let sends = matches!(self.state, State::Creating | State::Fetching(_) | State::Sending | State::Completing);
        sends && !self.paused
    }

    /// Whether nothing is left to do, for the user or with the server; only [`Event::Retry`] changes that.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ready | State::Failed(_) | State::Cancelled)
    }
}
