//! Parts on their way: hashed a little ahead, signed in batches, sent a few at a time.

use sealmark_protocol::{Checksum, ErrorCode, Integrity, PartNumber};

use super::{
    Code, Command, Engine, PutError, ReadError, Share, State, Ticket, UploadFailure,
    backoff::{Trouble, is_transient},
    link::Note,
    parts::{Parts, Sending, Stage},
};
use crate::decimal::decimal;

/// How often a part's signature may be refused before it counts as the store's last word.
const MOST_REFUSALS: u32 = 3;
/// A signature that is refused as expired so soon after it was made tells of clocks, in milliseconds.
const FRESH_MS: u64 = 60_000;
/// Speed and times are measured at least this often while parts travel, in milliseconds.
const MEASURE_EVERY_MS: u64 = 1_000;
/// Browsers tell every 50 ms how many bytes have left; nothing holds that back for longer than this, in milliseconds.
const PROGRESS_LATE_MS: u64 = 400;
/// Parts on their way at most: as many as one call signs.
const WINDOW: usize = 100;

impl Engine {
    /// Begins to hash and to send what may be; completes when the store has all.
    pub(super) fn pump_parts(&mut self, share: Share) {
        let sends = matches!(self.state, State::Sending);
        let hashes = sends || matches!(self.state, State::Creating | State::Hashing);
        let is_held = self.store_is_away && self.wants_list();
        let Some(parts) = self.parts.as_mut().filter(|_| hashes) else { return };
        if sends && parts.is_whole() {
            return self.enter(State::Completing);
        }
        parts.fill(WINDOW);
        let integrity = parts.integrity();
        let Share { mut puts, mut hashing, mut ahead, .. } = share;
        if is_held {
            puts = 0;
        }
        for part in parts.active_mut() {
            if part.not_before_ms > self.now_ms {
                continue;
            }
            if let Stage::Signed(signed) = &part.stage
                && signed.is_stale(self.now_ms)
            {
                part.stage = Stage::Hashed(signed.checksum);
            }
            match &part.stage {
                Stage::Unread if hashing.has_room(part.length) && ahead.has_room(part.length) => {
                    self.tickets = self.tickets.wrapping_add(1);
                    let ticket = Ticket(self.tickets);
                    part.stage = Stage::Hashing(ticket);
                    let (offset, length) = (part.offset, part.length);
                    self.commands.push(Command::Hash { ticket, offset, length, integrity });
                    hashing.used_bytes += part.length;
                    ahead.used_bytes += part.length;
                }
                Stage::Signed(signed) if sends && puts > 0 && part.unsure.is_none() => {
                    self.tickets = self.tickets.wrapping_add(1);
                    let ticket = Ticket(self.tickets);
                    self.commands.push(Command::Put {
                        ticket,
                        request: signed.request.clone(),
                        offset: part.offset,
                        length: part.length,
                    });
                    part.stage = Stage::Sending(Sending {
                        ticket,
                        signed: signed.clone(),
                        length: part.length,
                        sent_bytes: 0,
                        began_at_ms: self.now_ms,
                        moved_at_ms: self.now_ms,
                    });
                    puts -= 1;
                    if integrity != Integrity::None {
                        ahead.used_bytes = ahead.used_bytes.saturating_sub(part.length);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether it is time to sign: few signed parts are left, so that many can be signed in one call.
    pub(super) fn wants_signatures(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| {
            let hashed = parts.count(|stage| matches!(stage, Stage::Hashed(_)));
            let signed = parts.count(|stage| matches!(stage, Stage::Signed(_)));
            hashed > 0 && (signed <= 2 || parts.integrity() != Integrity::None)
        })
    }

    /// Whether the store is to be asked for its list before some part goes on.
    pub(super) fn wants_list(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.active().iter().any(|part| part.unsure.is_some()))
    }

    /// Parts that are being sent.
    pub(crate) fn sending_count(&self) -> usize {
        self.parts.as_ref().map_or(0, |parts| parts.count(|stage| matches!(stage, Stage::Sending(_))))
    }

    /// Length of a part of the plan, 0 before there is one.
    pub(crate) fn part_bytes(&self) -> u64 {
        self.parts.as_ref().map_or(0, |parts| parts.plan().part_size_bytes)
    }

    /// Bytes being hashed, and bytes between reading and sending.
    pub(crate) fn hashing_and_ahead_bytes(&self) -> (u64, u64) {
        self.parts.as_ref().map_or((0, 0), |parts| {
            let hashing = parts.bytes(|stage| matches!(stage, Stage::Hashing(_)));
            let ahead = match parts.integrity() {
                Integrity::None => 0,
                _ => parts.bytes(|stage| !matches!(stage, Stage::Unread | Stage::Sending(_))),
            };
            (hashing, ahead)
        })
    }

    /// Parts for which something is left to do before completing, and their bytes; one while that is not known.
    pub(crate) fn open_work(&self) -> (usize, u64) {
        let size_bytes = self.source.size_bytes;
        match self.state {
            State::Completing | State::Watching(_) => (0, 0),
            _ => self.parts.as_ref().map_or((1, size_bytes), |parts| {
                (parts.open_count() as usize, size_bytes.saturating_sub(parts.stored_bytes()))
            }),
        }
    }

    pub(super) fn return_batch(&mut self) {
        if let Some(parts) = &mut self.parts {
            parts.return_batch();
        }
    }

    /// Breaks off whatever is being done for single parts; nothing of it counts as failed.
    pub(super) fn stop_parts(&mut self) {
        let Some(parts) = &mut self.parts else { return };
        for part in parts.active_mut() {
            if let Some(ticket) = part.step_back() {
                self.commands.push(Command::Stop { ticket, hung: false });
            }
        }
        self.try_parts_now();
    }

    /// Whatever has failed so far does not count, and no part waits.
    pub(super) fn try_parts_now(&mut self) {
        for part in self.parts.iter_mut().flat_map(|parts| parts.active_mut()) {
            part.attempts = Default::default();
            part.not_before_ms = 0;
        }
    }

    pub(super) fn hashed(&mut self, ticket: Ticket, outcome: Result<Checksum, ReadError>) {
        let Some(parts) = &mut self.parts else { return };
        let integrity = parts.integrity();
        let Some(part) = parts.by_ticket(ticket) else { return };
        part.step_back();
        match outcome {
            // Parts of two versions of a file would make an object of neither.
            Ok(checksum) if part.refused_checksum.is_some_and(|refused| refused != checksum) => {
                return self.fail(file_changed());
            }
            Ok(checksum) if checksum.integrity() == integrity => part.stage = Stage::Hashed(checksum),
            // A driver that answers with another kind; hashing again would bring the same.
            Ok(_) => return self.fail(super::CallError::BadAnswer.into()),
            Err(error) => return self.fail(error.into()),
        }
        if matches!(self.state, State::Hashing) {
            self.hashed_first();
        }
    }

    /// A file that is hashed before its creation: goes on once all of that is done.
    fn hashed_first(&mut self) {
        let Some(parts) = &mut self.parts else { return };
        if self.hashes_all {
            parts.keep_hashed();
            if let Some(content) = parts.content() {
                self.content = Some(content);
                self.enter(State::Creating);
            }
        } else {
            self.enter(State::Creating);
        }
    }

    pub(super) fn progress(&mut self, ticket: Ticket, bytes: u64) {
        let now_ms = self.now_ms;
        if let Some(part) = self.parts.as_mut().and_then(|parts| parts.by_ticket(ticket)) {
            // Of a form, the fields count too.
            let bytes = bytes.min(part.length);
            if let Stage::Sending(sending) = &mut part.stage
                && bytes > sending.sent_bytes
            {
                let moved = bytes - sending.sent_bytes;
                self.pace.add(moved);
                self.notes.push(Note::Moved { bytes: moved });
                sending.sent_bytes = bytes;
                sending.moved_at_ms = now_ms;
            }
        }
        self.pace.measure(now_ms);
    }

    pub(super) fn put(&mut self, ticket: Ticket, outcome: Result<Option<String>, PutError>) {
        let Some(parts) = &mut self.parts else { return };
        let asked = parts.asked();
        let Some(part) = parts.by_ticket(ticket) else { return };
        let (number, length) = (part.number, part.length);
        let Stage::Sending(sending) = &part.stage else { return };
        let (sent_bytes, took_ms) = (sending.sent_bytes, self.now_ms - sending.began_at_ms);
        let is_form = !sending.signed.request.fields.is_empty();
        let error = match outcome {
            Ok(etag) => {
                parts.store(ticket, etag);
                self.store_is_away = false;
                let stored = parts.stored_bytes();
                self.pace.add(length - sent_bytes);
                self.pace.measure(self.now_ms);
                self.notes.push(Note::Moved { bytes: length - sent_bytes });
                self.notes.push(Note::Stored { bytes: length, took_ms });
                return self.acknowledge(stored);
            }
            Err(error) => error,
        };
        part.step_back();
        match error {
            PutError::Read(error) => self.fail(error.into()),
            PutError::Network => {
                // Perhaps only the answer was lost. Of a form nobody hears how many bytes have left, and of a part it is
                // heard late; if even then the last could not have, the store cannot have it.
                let by_now = sent_bytes + sent_bytes * PROGRESS_LATE_MS / took_ms.max(1);
                let is_sure = !is_form && took_ms > PROGRESS_LATE_MS && by_now < length;
                part.unsure = (!is_sure).then_some(asked);
                let trouble = if sent_bytes > 0 { Trouble::Broken } else { Trouble::Network };
                self.put_again(number, trouble, None);
            }
            PutError::Refused { status, code, retry_after_ms } => {
                self.put_refused(number, status, &code, retry_after_ms);
            }
        }
    }

    /// Source: Amazon S3 API, list of error codes.
    fn put_refused(&mut self, number: PartNumber, status: u16, code: &str, retry_after_ms: Option<u64>) {
        let now_ms = self.now_ms;
        let Some(parts) = &mut self.parts else { return };
        let integrity = parts.integrity();
        let Some(part) = parts.by_number(number) else { return };
        match (status, code) {
            (
                400,
                "BadDigest"
                | "InvalidDigest"
                | "XAmzContentChecksumMismatch"
                | "XAmzContentSHA256Mismatch"
                | "InvalidChecksum",
            ) => {
                // Without a checksum of ours there is nothing to hash again.
                if integrity == Integrity::None {
                    return self.fail(store_refused(status, code));
                }
                match &part.stage {
                    Stage::Signed(signed) if part.refused_checksum.is_none() => {
                        part.refused_checksum = Some(signed.checksum);
                        part.stage = Stage::Unread;
                    }
                    _ => self.fail(file_changed()),
                }
            }
            (403, "RequestTimeTooSkewed") => self.fail(clock_skew()),
            (403, _) => match &part.stage {
                // The URL has expired, or its key was withdrawn: another one may do.
                Stage::Signed(signed) if part.refused < MOST_REFUSALS => {
                    part.refused += 1;
                    if code == "RequestExpired" && part.refused > 1 && signed.signed_at_ms + FRESH_MS > now_ms {
                        return self.fail(clock_skew());
                    }
                    part.stage = Stage::Hashed(signed.checksum);
                }
                _ => self.fail(store_refused(status, code)),
            },
            // Parts beside it may arrive all the same, so only this one waits for the list.
            (404, _) => self.look_for(number),
            (409, _) => self.put_again(number, Trouble::Server, retry_after_ms),
            (400, "RequestTimeout") => self.put_again(number, Trouble::Network, retry_after_ms),
            _ if is_transient(status) => self.put_again(number, Trouble::of_status(status), retry_after_ms),
            _ => self.fail(store_refused(status, code)),
        }
    }

    /// The store does not know the upload: its list, or that there is none, says what is true.
    fn look_for(&mut self, number: PartNumber) {
        if !self.wants_list() && !self.repair() {
            let code = ErrorCode::UploadNotFound;
            return self.fail(UploadFailure::new(Code::Api(code), code.title()));
        }
        self.put_again(number, Trouble::Server, None);
    }

    /// Sends the part again after a wait, unless that has gone on for too long.
    fn put_again(&mut self, number: PartNumber, trouble: Trouble, retry_after_ms: Option<u64>) {
        let (now_ms, patience) = (self.now_ms, self.limits.patience());
        let Some(parts) = &mut self.parts else { return };
        let asked = parts.asked();
        let Some(part) = parts.by_number(number) else { return };
        // A store in trouble takes all of a part before it says so. Whether it is back is asked by its list, which is short.
        if matches!(trouble, Trouble::Server | Trouble::Throttled) {
            part.unsure = Some(asked);
            self.store_is_away = true;
        }
        // In an outage that the system knows of, and in a break, nothing counts as failed.
        if !self.online || self.paused {
            return;
        }
        self.notes.push(Note::Failed(trouble));
        match part.attempts.fail(now_ms, patience, trouble, retry_after_ms, &mut self.jitter) {
            Some(wait_ms) => part.not_before_ms = now_ms + wait_ms,
            None => {
                let mut message = "part ".to_owned();
                message.push_str(&decimal(number.get()));
                message.push_str(" was not stored in ");
                message.push_str(&decimal(part.attempts.failed()));
                message.push_str(" attempts");
                let code = match trouble {
                    Trouble::Broken | Trouble::Network => Code::Network,
                    Trouble::Server | Trouble::Throttled => Code::Api(ErrorCode::StoreUnavailable),
                };
                self.fail(UploadFailure::new(code, message));
            }
        }
    }

    /// Notes what the store has, for the user and for a later visit.
    pub(super) fn acknowledge(&mut self, stored_bytes: u64) {
        self.acknowledged_bytes = self.acknowledged_bytes.max(stored_bytes);
        if let Some(known) = self.known {
            let acknowledged_bytes = self.acknowledged_bytes;
            self.push(Command::Remember { upload_id: known.upload_id, acknowledged_bytes });
        }
    }

    /// A part of which no byte has moved for too long has failed.
    pub(super) fn expire_parts(&mut self) {
        let now_ms = self.now_ms;
        let limits = self.limits;
        let mut stalled = Vec::new();
        let asked = self.parts.as_ref().map(Parts::asked);
        for part in self.parts.iter_mut().flat_map(|parts| parts.active_mut()) {
            if let Stage::Sending(sending) = &part.stage
                && sending.gives_up_ms(&limits) <= now_ms
            {
                part.unsure = asked;
                if let Some(ticket) = part.step_back() {
                    self.commands.push(Command::Stop { ticket, hung: true });
                    stalled.push(part.number);
                }
            }
        }
        for number in stalled {
            self.put_again(number, Trouble::Network, None);
        }
        self.pace.measure(now_ms);
    }

    /// When a part is next due or stalled.
    pub(super) fn parts_next_ms(&self, running: bool) -> Option<u64> {
        let parts = self.parts.as_ref()?.active().iter();
        parts
            .filter_map(|part| match &part.stage {
                Stage::Sending(sending) => Some(sending.gives_up_ms(&self.limits).min(self.now_ms + MEASURE_EVERY_MS)),
                Stage::Unread | Stage::Signed(_) => {
                    Some(part.not_before_ms).filter(|at_ms| running && *at_ms > self.now_ms)
                }
                _ => None,
            })
            .min()
    }

    pub(super) fn parts_are_still(&self) -> bool {
        self.parts.as_ref().is_none_or(|parts| parts.active().iter().all(|part| part.ticket().is_none()))
    }

    pub(super) fn parts_are_waiting(&self) -> bool {
        let sending = matches!(self.state, State::Sending);
        let parts = self.parts.as_ref().map(Parts::active).unwrap_or_default();
        sending && parts.iter().any(|part| part.not_before_ms > self.now_ms)
    }
}

fn store_refused(status: u16, code: &str) -> UploadFailure {
    let mut message = "the store refused a part with status ".to_owned();
    message.push_str(&decimal(status.into()));
    message.push(' ');
    message.push_str(code);
    UploadFailure::new(Code::StoreRefused, message)
}

fn file_changed() -> UploadFailure {
    UploadFailure::new(Code::FileChanged, "the file's bytes changed while it was being sent")
}

fn clock_skew() -> UploadFailure {
    UploadFailure::new(Code::ClockSkew, "the store finds fresh signatures expired: its clock and the server's differ")
}
