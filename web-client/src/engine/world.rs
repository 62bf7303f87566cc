//! A server, a store and a file for the engine under test, and the rules that it must keep at every step.

use std::collections::{BTreeMap, BTreeSet};

use sealmark_protocol::{
    ByteRange, Challenge, Checksum, Crc64Nvme, ErrorCode, Integrity, MediaId, MediaState, PartToSign, Sha256Digest,
    SignPartsResponse, SignedPart, StoredPart, Upload, UploadId, UploadState, plan_parts,
};

use crate::news::MediaNews;

use super::{
    Budget, CallError, Command, Engine, Event, Identity, Limits, PutError, ReadError, Share, Snapshot, Source,
    Standing, Ticket, UploadFailure,
};

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

    /// Ends one piece of work.
    pub(super) fn end(&mut self, ticket: Ticket, how: Outcome) {
        let Some(command) = self.out.remove(&ticket) else { return };
        let event = match command.clone() {
            Command::GetToken { .. } => {
                let outcome = if how == Outcome::Invalid { Err("no token".to_owned()) } else { Ok(()) };
                Event::Token { ticket, outcome }
            }
            Command::Identify { .. } => {
                let identity = Identity {
                    file_name: "photo.jpg".into(),
                    size_bytes: self.size,
                    content_type: None,
                    resume: self.resume.filter(|_| self.remembered.is_some()),
                    made: None,
                };
                let refused = UploadFailure::new(super::Code::of_preparing("broken_image"), "no picture");
                let outcome = if how == Outcome::Invalid { Err(refused) } else { Ok(identity) };
                Event::Identified { ticket, outcome }
            }
            Command::Prove { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state != UploadState::Open {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    held.upload.state = UploadState::Completed;
                    Ok(news(held.upload.media_id, MediaState::Uploaded))
                });
                Event::Proved { ticket, outcome }
            }
            Command::Create { idempotency_key, request, .. } => {
                let outcome = self.call(how, |world| {
                    // The same key is the same upload, as long as the request is the same.
                    let number = idempotency_key.rsplit('-').next().and_then(|text| text.parse().ok());
                    let number: usize = number.unwrap_or_default();
                    let same = world.created.iter().position(|(key, _)| *key == idempotency_key);
                    let mut upload = match same {
                        Some(at) => {
                            assert_eq!(world.created[at].1, request, "one key, two requests");
                            world.held(world.created_ids[at])?.upload.clone()
                        }
                        None => {
                            let mut made = Self::upload_on_server(100 + number as u8, world.size, &[]);
                            made.upload.integrity = request.integrity;
                            world.uploads.push(made.clone());
                            world.created.push((idempotency_key.clone(), request.clone()));
                            world.created_ids.push(made.upload.upload_id);
                            made.upload
                        }
                    };
                    upload.signed = request.sign.iter().map(|part| world.sign(part)).collect();
                    let range = ByteRange { offset: 0, length: 1 };
                    let challenge = Challenge { nonce: "n".into(), ranges: vec![range] };
                    upload.challenge = request.content.filter(|_| world.has_content).map(|_| challenge);
                    Ok(upload)
                });
                if outcome.is_ok() {
                    self.told.clear();
                }
                Event::Created { ticket, outcome }
            }
            Command::Fetch { .. } => {
                let outcome = self.call(how, |world| world.listed.take().unwrap());
                if let Ok(upload) = &outcome {
                    self.told = upload.parts.iter().map(|part| part.number.get()).collect();
                    self.told.append(&mut self.told_since);
                }
                Event::Fetched { ticket, outcome }
            }
            Command::Sign { upload_id, parts, .. } => {
                let outcome = self.call(how, |world| {
                    if world.held(upload_id)?.upload.state != UploadState::Open {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    Ok(SignPartsResponse { parts: parts.iter().map(|part| world.sign(part)).collect() })
                });
                Event::Signed { ticket, outcome }
            }
            Command::Complete { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state == UploadState::Aborted {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    if held.stored.len() != held.upload.part_count as usize {
                        return Err(refused(ErrorCode::PartsMissing));
                    }
                    held.upload.state = UploadState::Completed;
                    Ok(news(held.upload.media_id, MediaState::Uploaded))
                });
                Event::Completed { ticket, outcome }
            }
            Command::Abort { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state == UploadState::Completed {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    held.upload.state = UploadState::Aborted;
                    Ok(())
                });
                Event::Aborted { ticket, outcome }
            }
            Command::Hash { .. } => {
                let unreadable = Err(ReadError { changed: false, reason: "gone".into() });
                let checksum = match self.limits.integrity {
                    Integrity::Sha256 => Checksum::Sha256(Sha256Digest::of(b"part")),
                    Integrity::Crc64nvme => Checksum::Crc64nvme(Crc64Nvme::of(b"part")),
                    Integrity::None => panic!("nothing is to be hashed"),
                };
                let outcome = if how == Outcome::Refused { unreadable } else { Ok(checksum) };
                Event::Hashed { ticket, outcome }
            }
            Command::Put { request, .. } => {
                let number = request.number.get();
                if matches!(how, Outcome::Good | Outcome::AnswerLost)
                    && let Some(held) = self.uploads.last_mut()
                    && held.upload.state == UploadState::Open
                {
                    held.stored.insert(number, etag(number));
                }
                if how == Outcome::Good {
                    self.told.insert(number);
                    self.told_since.insert(number);
                }
                Event::Put { ticket, outcome: put_outcome(how, number) }
            }
            Command::Watch { media_id, .. } => {
                let outcome = self.call(how, |_| Ok(()));
                if outcome.is_ok() {
                    self.out.insert(ticket, command);
                    return self.step(Event::Media { ticket, news: news(media_id, MediaState::Ready) });
                }
                Event::WatchEnded { ticket, outcome }
            }
            Command::Look { media_id, .. } => {
                let outcome = self.call(how, |_| Ok(news(media_id, MediaState::Ready)));
                Event::Looked { ticket, outcome }
            }
            Command::Stop { .. } | Command::Wake { .. } | Command::Remember { .. } | Command::Forget { .. } => return,
        };
        self.step(event);
    }

    fn sign(&self, part: &PartToSign) -> SignedPart {
        assert!(part.checksum(self.limits.integrity).is_some());
        SignedPart {
            number: part.number,
            url: format!("http://store/{}", part.number),
            headers: BTreeMap::new(),
            fields: BTreeMap::new(),
            expires_at_ms: 0,
            expires_in_ms: self.expires_in_ms,
        }
    }

    fn held(&mut self, upload_id: UploadId) -> Result<&mut ServerUpload, CallError> {
        let held = self.uploads.iter_mut().find(|held| held.upload.upload_id == upload_id);
        held.ok_or(refused(ErrorCode::UploadNotFound))
    }

    fn call<T>(&mut self, how: Outcome, work: impl FnOnce(&mut Self) -> Result<T, CallError>) -> Result<T, CallError> {
        match how {
            Outcome::Good => work(self),
            Outcome::AnswerLost => work(self).and(Err(CallError::Network)),
            Outcome::Network => Err(CallError::Network),
            Outcome::Unavailable => Err(CallError::Refused {
                status: 503,
                code: ErrorCode::StoreUnavailable,
                message: String::new(),
                retry_after_ms: Some(2_000),
            }),
            Outcome::Refused => Err(refused(ErrorCode::TokenExpired)),
            Outcome::Gone => Err(refused(ErrorCode::UploadNotFound)),
            Outcome::Invalid => Err(refused(ErrorCode::InvalidRequest)),
        }
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

fn put_outcome(how: Outcome, number: u32) -> Result<Option<String>, PutError> {
    let refused = |status, code: &str, retry_after_ms| PutError::Refused { status, code: code.into(), retry_after_ms };
    match how {
        Outcome::Good => Ok(Some(etag(number))),
        Outcome::AnswerLost | Outcome::Network => Err(PutError::Network),
        Outcome::Unavailable => Err(refused(503, "SlowDown", Some(2_000))),
        Outcome::Refused => Err(refused(403, "AccessDenied", None)),
        Outcome::Gone => Err(refused(400, "XAmzContentChecksumMismatch", None)),
        Outcome::Invalid => Err(refused(400, "InvalidArgument", None)),
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
