//! A server, a store and a file for the engine under test, and the rules that it must keep at every step.

mod answers;

use std::collections::{BTreeMap, BTreeSet};

use sealmark_protocol::{ErrorCode, MediaId, MediaState, StoredPart, Upload, UploadId, UploadState, plan_parts};

use crate::news::MediaNews;

use super::{Budget, CallError, Command, Engine, Event, Limits, Share, Snapshot, Source, Standing, Ticket};

/// Parts that are sent at once.
const AT_ONCE: usize = 4;

pub(super) const PART: u64 = 5 * 1024 * 1024;
pub(super) const START_MS: u64 = 1_700_000_000_000;

/// How a piece of work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As it should.
    Good,
    /// The work is done but the answer is lost.
    AnswerLost,
    /// Nothing reached the other side.
    Network,
    /// 503, `Retry-After` of 2 s.
    Unavailable,
    /// 401 `token_expired`, or 403 by the store, or an unreadable file.
    Refused,
    /// 404, or 400 `BadDigest` by the store.
    Gone,
    /// 400 that nothing mends.
    Invalid,
}

/// One upload on the server.
#[derive(Debug, Clone)]
pub(super) struct ServerUpload {
    pub(super) upload: Upload,
    pub(super) stored: BTreeMap<u32, String>,
}

impl ServerUpload {
    fn listed(&self) -> Upload {
        let mut upload = self.upload.clone();
        if upload.state == UploadState::Open {
            upload.parts = self.stored.iter().map(|(number, etag)| stored_part(&upload, *number, etag)).collect();
        }
        upload
    }
}

pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    pub(super) size: u64,
    pub(super) now_ms: u64,
    pub(super) out: BTreeMap<Ticket, Command>,
    pub(super) wake_at_ms: Option<u64>,
    pub(super) uploads: Vec<ServerUpload>,
    /// Parts of the newest upload that the engine has been told the store has.
    told: BTreeSet<u32>,
    /// Those of which it was told since it asked for the list.
    told_since: BTreeSet<u32>,
    /// How the upload stood when it was asked for: whatever happens until the answer comes is not in it.
    listed: Option<Result<Upload, CallError>>,
    acknowledged: BTreeMap<UploadId, u64>,
    pub(super) puts: Vec<u32>,
    pub(super) signs: Vec<usize>,
    pub(super) remembered: Option<UploadId>,
    pub(super) tokens: Vec<bool>,
    created: Vec<(String, sealmark_protocol::CreateUploadRequest)>,
    created_ids: Vec<UploadId>,
    resume: Option<UploadId>,
    /// Whether the tenant has the content already.
    pub(super) has_content: bool,
    /// Work that was broken off because its time was over.
    pub(super) hung: usize,
    /// How long signatures last.
    pub(super) expires_in_ms: u64,
    /// Work that was under way when the break began.
    before_break: Option<BTreeSet<Ticket>>,
}

impl World {
    pub(super) fn new(size: u64, resume: Option<UploadId>, uploads: Vec<ServerUpload>) -> Self {
        Self::with(Limits::default(), size, resume, uploads)
    }

    pub(super) fn with(limits: Limits, size: u64, resume: Option<UploadId>, mut uploads: Vec<ServerUpload>) -> Self {
        let limits = Limits { part_size_bytes: Some(PART), patience_ms: 10 * 60_000, ..limits };
        for held in &mut uploads {
            held.upload.integrity = limits.integrity;
        }
        let source = Source {
            file_name: "photo.jpg".into(),
            size_bytes: size,
            content_type: None,
            idempotency_key: "key".into(),
            seed: size,
        };
        Self {
            engine: Engine::new(source, limits, START_MS),
            limits,
            size,
            now_ms: START_MS,
            out: BTreeMap::new(),
            wake_at_ms: None,
            uploads,
            told: BTreeSet::new(),
            told_since: BTreeSet::new(),
            listed: None,
            acknowledged: BTreeMap::new(),
            puts: Vec::new(),
            signs: Vec::new(),
            remembered: resume,
            tokens: Vec::new(),
            created: Vec::new(),
            created_ids: Vec::new(),
            resume,
            has_content: false,
            hung: 0,
            expires_in_ms: 3_600_000,
            before_break: None,
        }
    }

    pub(super) fn upload_on_server(number: u8, size: u64, stored: &[u32]) -> ServerUpload {
        let plan = plan_parts(size, PART).unwrap();
        let id = |kind: u8| format!("00000000-0000-7000-8000-{kind:02x}00000000{number:02x}");
        ServerUpload {
            upload: Upload {
                upload_id: id(1).parse().unwrap(),
                media_id: id(2).parse().unwrap(),
                state: UploadState::Open,
                file_name: "photo.jpg".into(),
                size_bytes: size,
                part_size_bytes: plan.part_size_bytes,
                part_count: plan.part_count,
                created_at_ms: START_MS as i64,
                parts: Vec::new(),
                integrity: sealmark_protocol::Integrity::default(),
                signed: Vec::new(),
                challenge: None,
            },
            stored: stored.iter().map(|number| (*number, etag(*number))).collect(),
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot("1")
    }

    pub(super) fn state(&self) -> Standing {
        self.snapshot().state
    }

    pub(super) fn step(&mut self, event: Event) {
        let mut commands = self.engine.step(self.now_ms, event);
        let sending = self.engine.sending_count();
        let (hashing, ahead) = self.engine.hashing_and_ahead_bytes();
        let share = Share {
            puts: AT_ONCE - sending,
            hashing: Budget { used_bytes: hashing, most_bytes: PART * 2 },
            ahead: Budget { used_bytes: ahead, most_bytes: PART * 2 },
            part_size_bytes: PART,
        };
        commands.extend(self.engine.pump(self.now_ms, share));
        for command in commands {
            self.accept(command);
        }
        self.engine.take_notes();
        self.check();
    }

    fn accept(&mut self, command: Command) {
        let ticket = match &command {
            Command::Wake { at_ms } => {
                assert!(*at_ms > self.now_ms, "a wake in the past would never end");
                self.wake_at_ms = Some(*at_ms);
                return;
            }
            Command::Stop { ticket, hung } => {
                self.hung += usize::from(*hung);
                assert!(self.out.remove(ticket).is_some(), "stopped what was not running");
                return;
            }
            Command::Remember { upload_id, .. } => {
                self.remembered = Some(*upload_id);
                return;
            }
            Command::Forget { .. } => {
                self.remembered = None;
                return;
            }
            Command::Put { ticket, request, offset, length } => {
                let number = request.number.get();
                assert!(!self.told.contains(&number), "part {number} was sent though the store has it");
                assert_eq!(*offset, u64::from(number - 1) * PART);
                assert_eq!(*length, PART.min(self.size - offset));
                self.puts.push(number);
                *ticket
            }
            Command::Sign { ticket, parts, .. } => {
                assert!((1..=100).contains(&parts.len()));
                self.signs.push(parts.len());
                *ticket
            }
            Command::GetToken { ticket, expired } => {
                self.tokens.push(*expired);
                *ticket
            }
            Command::Fetch { ticket, upload_id } => {
                self.told_since.clear();
                self.listed = Some(self.held(*upload_id).map(|held| held.listed()));
                *ticket
            }
            Command::Hash { ticket, integrity, .. } => {
                assert_eq!(*integrity, self.limits.integrity);
                *ticket
            }
            Command::Create { ticket, .. }
            | Command::Identify { ticket }
            | Command::Prove { ticket, .. }
            | Command::Complete { ticket, .. }
            | Command::Watch { ticket, .. }
            | Command::Look { ticket, .. }
            | Command::Abort { ticket, .. } => *ticket,
        };
        assert!(self.out.insert(ticket, command).is_none(), "a ticket was used twice");
    }

    fn check(&mut self) {
        let count = |wanted: fn(&Command) -> bool| self.out.values().filter(|command| wanted(command)).count();
        let puts = count(|command| matches!(command, Command::Put { .. }));
        let hashes = count(|command| matches!(command, Command::Hash { .. }));
        assert!(puts <= AT_ONCE, "{puts} parts at once");
        assert!(hashes <= 2, "{hashes} hashes at once");
        assert!(self.out.len() - puts - hashes <= 1, "two calls at once: {:?}", self.out);
        let snapshot = self.snapshot();
        assert!(snapshot.sent_bytes <= self.size && snapshot.acknowledged_bytes <= snapshot.sent_bytes);
        assert_eq!(snapshot.error.is_some(), snapshot.state == Standing::Failed);
        if let Some(upload_id) = snapshot.upload_id {
            let before = self.acknowledged.insert(upload_id, snapshot.acknowledged_bytes).unwrap_or(0);
            assert!(before <= snapshot.acknowledged_bytes, "acknowledged bytes went down");
        }
        if snapshot.state == Standing::Paused || snapshot.state == Standing::Offline {
            let out: BTreeSet<Ticket> = self.out.keys().copied().collect();
            match &self.before_break {
                Some(before) => assert!(out.is_subset(before), "work was begun in a break"),
                None => self.before_break = Some(out),
            }
        } else {
            self.before_break = None;
        }
        if matches!(snapshot.state, Standing::Ready | Standing::Failed) {
            let leaving =
                self.out.values().all(|command| matches!(command, Command::Abort { .. } | Command::GetToken { .. }));
            assert!(leaving, "over, and still at work: {:?}", self.out);
        }
    }

    /// Lets time pass until the wake that was asked for; `false` where none was.
    pub(super) fn wake(&mut self) -> bool {
        match self.wake_at_ms.take() {
            Some(at_ms) => {
                self.now_ms = self.now_ms.max(at_ms);
                self.step(Event::Woken);
                true
            }
            None => false,
        }
    }

    pub(super) fn find(&self, wanted: impl Fn(&Command) -> bool) -> Option<Ticket> {
        self.out.iter().find(|(_, command)| wanted(command)).map(|(ticket, _)| *ticket)
    }

    /// Ends all work in the same way, and lets time pass, until nothing more happens by itself.
    pub(super) fn settle(&mut self, how: Outcome) {
        for _ in 0..10_000 {
            // Parts take longer than anything else.
            let quick = self.find(|command| !matches!(command, Command::Put { .. }));
            let Some(ticket) = quick.or_else(|| self.out.keys().next().copied()) else {
                if self.state().is_final() || !self.wake() {
                    return;
                }
                continue;
            };
            self.end(ticket, how);
        }
        panic!("it never settles: {:?}", self.engine);
    }
}

pub(super) fn refused(code: ErrorCode) -> CallError {
    CallError::Refused { status: code.status(), code, message: code.title().into(), retry_after_ms: None }
}

fn etag(number: u32) -> String {
    format!("\"{number}\"")
}

fn stored_part(upload: &Upload, number: u32, etag: &str) -> StoredPart {
    let number = sealmark_protocol::PartNumber::new(number).unwrap();
    let (_, size_bytes) = upload.plan().range(number).unwrap();
    StoredPart { number, size_bytes, etag: etag.to_owned() }
}

pub(super) fn news(media_id: MediaId, state: MediaState) -> MediaNews {
    MediaNews { media_id, state, failure: None }
}
