//! The state machine of one upload: events in, commands out.
//!
//! identify → create or fetch → hash → sign → PUT → complete → follow the picture. A driver does what the commands say and
//! reports back; it decides nothing.
//!
//! *Invariant:* pure. Times come with the events, random numbers from a seed; no clock, files, network or threads.

mod backoff;
mod calls;
mod command;
mod create;
mod endpoints;
mod event;
mod failure;
mod leave;
mod link;
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

use sealmark_protocol::{Challenge, CreateUploadRequest, ErrorCode, MediaId, Sha256Digest, UploadId};

pub(crate) use self::link::{FIRST_PART_BYTES, Link, Note};
use self::{backoff::Jitter, calls::Call, pace::Pace, parts::Parts, watch::Watching};
pub use self::{
    backoff::Trouble,
    command::{Command, Ticket},
    endpoints::Endpoints,
    event::{CallError, Event, Identity, PutError, ReadError},
    failure::{Code, UploadFailure},
    link::Hint,
    options::{Budget, Limits, Share, Source},
    snapshot::{Snapshot, Standing},
};

/// The state of one upload.
#[derive(Debug, Clone)]
enum State {
    /// Not its turn yet.
    Idle,
    /// The file is prepared, and known again where it was begun before.
    Identifying,
    /// The file, or its only part, is hashed before the server is asked.
    Hashing,
    /// The server is asked for a new upload.
    Creating,
    /// The server has such content already: it is shown that we have it too.
    Proving(Challenge),
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
    /// Over for the user; the server is told that the upload is of no use any more.
    Leaving(UploadFailure),
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
    /// The body of the creation: a repeat under the same key must be the same request.
    creation: Option<CreateUploadRequest>,
    hashes_all: bool,
    content: Option<Sha256Digest>,
    /// The picture, once the object is whole.
    whole: Option<MediaId>,
    share: Share,
    notes: Vec<Note>,
    call: Call,
    pace: Pace,
    jitter: Jitter,
    /// An upload of an earlier visit, until it is known what became of it.
    resume: Option<UploadId>,
    is_identified: bool,
    /// Whether the picture's last news has come.
    has_ended: bool,
    is_instant: bool,
    resumed_bytes: u64,
    acknowledged_bytes: u64,
    creations: u32,
    repairs: u32,
    /// Whether the store was in trouble and has not told its list since, so that a part would go for nothing.
    store_is_away: bool,
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
            creation: None,
            hashes_all: false,
            content: None,
            whole: None,
            share: Share::default(),
            notes: Vec::new(),
            call: Call::default(),
            pace: Pace::default(),
            resume: None,
            is_identified: false,
            has_ended: false,
            is_instant: false,
            resumed_bytes: 0,
            acknowledged_bytes: 0,
            creations: 0,
            repairs: 0,
            store_is_away: false,
            tickets: 0,
            wake_at_ms: None,
            commands: Vec::new(),
        }
    }

    /// Takes one event and says what is to be done now, but for parts: see [`pump`](Self::pump). The outcome of work
    /// that was stopped, or that is not this engine's, changes nothing.
    pub fn step(&mut self, now_ms: u64, event: Event) -> Vec<Command> {
        // Clocks are set back; durations are not.
        self.now_ms = self.now_ms.max(now_ms);
        self.apply(event);
        self.expire_call();
        self.expire_parts();
        self.pump(now_ms, Share { puts: 0, hashing: Budget::NOTHING, ahead: Budget::NOTHING, ..self.share })
    }

    /// Begins what `share` allows of what all uploads together may.
    pub fn pump(&mut self, now_ms: u64, share: Share) -> Vec<Command> {
        self.now_ms = self.now_ms.max(now_ms);
        self.share = share;
        self.begin();
        self.arm();
        mem::take(&mut self.commands)
    }

    /// What the link did since the last time.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        mem::take(&mut self.notes)
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
            // Even one that comes early: its timer is spent, and another has to be asked for.
            Event::Woken => self.wake_at_ms = None,
            Event::Token { ticket, outcome } => self.token(ticket, outcome),
            Event::Identified { ticket, outcome } => self.identified(ticket, outcome),
            Event::Created { ticket, outcome } => self.created(ticket, outcome),
            Event::Proved { ticket, outcome } => self.proved(ticket, outcome),
            Event::Moved => self.moved(),
            Event::Fetched { ticket, outcome } => self.fetched(ticket, outcome),
            Event::Signed { ticket, outcome } => self.signed(ticket, outcome),
            Event::Completed { ticket, outcome } => self.completed(ticket, outcome),
            Event::Aborted { ticket, outcome } => self.aborted(ticket, outcome),
            Event::Hashed { ticket, outcome } => self.hashed(ticket, outcome),
            Event::Progress { ticket, sent_bytes } => self.progress(ticket, sent_bytes),
            Event::Put { ticket, outcome } => self.put(ticket, outcome),
            Event::Media { ticket, news } => self.media(ticket, news),
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
            return self.fail(empty_file());
        }
        self.enter(State::Identifying);
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
        let over =
            matches!(self.state, State::Watching(_) | State::Cancelling { .. } | State::Leaving(_)) || self.is_over();
        if !over {
            // What is on its way is left to arrive: broken off, it would have to be sent again.
            self.paused = true;
        }
    }

    fn resume(&mut self) {
        if mem::take(&mut self.paused) {
            self.try_now();
        }
    }

    fn offline(&mut self) {
        self.online = false;
    }

    fn online(&mut self) {
        if !mem::replace(&mut self.online, true) {
            self.try_now();
        }
    }

    /// After a break: whatever failed on the way into it was its doing.
    fn try_now(&mut self) {
        self.call.start_over();
        self.try_parts_now();
        self.pace.restart(self.now_ms);
    }

    /// The server is asked elsewhere from now on, where the store has other addresses too.
    fn moved(&mut self) {
        if let Some(parts) = &mut self.parts {
            parts.forget_signatures();
        }
    }

    fn retry(&mut self) {
        let (State::Failed(failure) | State::Leaving(failure)) = &self.state else { return };
        let spent = failure.code.spends_upload();
        self.stop_call();
        if self.has_ended {
            return;
        }
        self.repairs = 0;
        self.ended_at_ms = None;
        self.call.renewed = false;
        if let Some(media_id) = self.whole {
            return self.enter(State::Watching(Watching::new(media_id)));
        }
        match (self.known, self.resume) {
            _ if !self.is_identified => self.enter(State::Identifying),
            (Some(known), _) if !spent => self.enter(State::Fetching(known.upload_id)),
            (None, Some(upload_id)) if !spent => self.enter(State::Fetching(upload_id)),
            _ => self.begin_anew(),
        }
    }

    fn fail(&mut self, failure: UploadFailure) {
        self.stop_parts();
        self.stop_call();
        self.paused = false;
        if failure.code.spends_upload() {
            self.push(Command::Forget { media_id: None });
        }
        let leaves = failure.code == Code::FileChanged && self.known.is_some() && self.online;
        self.enter(if leaves { State::Leaving(failure) } else { State::Failed(failure) });
    }

    /// Begins whatever can begin now.
    fn begin(&mut self) {
        if self.paused || !self.online {
            return;
        }
        self.pump_parts(self.share);
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
        !self.paused && !matches!(self.state, State::Idle | State::Watching(_)) && !self.is_over()
    }

    /// Whether nothing is left to do, for the user or with the server; only [`Event::Retry`] changes that.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ready | State::Failed(_) | State::Cancelled)
    }
}

fn empty_file() -> UploadFailure {
    UploadFailure::new(Code::Api(ErrorCode::EmptyFile), "the file is empty")
}
