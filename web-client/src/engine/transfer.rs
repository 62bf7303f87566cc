//! Parts on their way: hashed a little ahead, signed in batches, sent a few at a time.

use sealmark_protocol::{ErrorCode, PartNumber, Sha256Digest};

use super::{
    Code, Command, Engine, PutError, ReadError, State, Ticket, UploadFailure,
    parts::{Parts, Sending, Stage},
};

/// How often a part's signature may be refused before it counts as the store's last word.
const MOST_REFUSALS: u32 = 3;
/// Speed and times are measured at least this often while parts travel, in milliseconds.
const MEASURE_EVERY_MS: u64 = 1_000;

impl Engine {
    /// Begins to hash and to send what can be; completes when the store has all.
    pub(super) fn pump_parts(&mut self) {
        let Some(parts) = &mut self.parts else { return };
        if parts.is_whole() {
            return self.enter(State::Completing);
        }
        parts.fill(self.limits.window);
        let (concurrency, hash_concurrency) = (self.limits.concurrency, self.limits.hash_concurrency);
        let mut sending = parts.count(|stage| matches!(stage, Stage::Sending(_)));
        let mut hashing = parts.count(|stage| matches!(stage, Stage::Hashing(_)));
        for part in parts.active_mut() {
            if part.not_before_ms > self.now_ms {
                continue;
            }
            match &part.stage {
                Stage::Unread if hashing < hash_concurrency => {
                    self.tickets = self.tickets.wrapping_add(1);
                    let ticket = Ticket(self.tickets);
                    part.stage = Stage::Hashing(ticket);
                    self.commands.push(Command::Hash { ticket, offset: part.offset, length: part.length });
                    hashing += 1;
                }
                Stage::Signed(request, digest) if sending < concurrency => {
                    self.tickets = self.tickets.wrapping_add(1);
                    let ticket = Ticket(self.tickets);
                    let (request, digest) = (request.clone(), *digest);
                    self.commands.push(Command::Put {
                        ticket,
                        request: request.clone(),
                        offset: part.offset,
                        length: part.length,
                    });
                    part.stage =
                        Stage::Sending(Sending { ticket, request, digest, sent_bytes: 0, moved_at_ms: self.now_ms });
                    sending += 1;
                }
                _ => {}
            }
        }
    }

    /// Whether it is time to sign: few signed parts are left, so that many can be signed in one call.
    pub(super) fn wants_signatures(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| {
            let signed = parts.count(|stage| matches!(stage, Stage::Signed(..)));
            signed <= self.limits.concurrency / 2 && parts.count(|stage| matches!(stage, Stage::Hashed(_))) > 0
        })
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
            part.failed = 0;
            part.not_before_ms = 0;
            if let Some(ticket) = part.step_back() {
                self.commands.push(Command::Stop { ticket });
            }
        }
    }

    pub(super) fn hashed(&mut self, ticket: Ticket, outcome: Result<Sha256Digest, ReadError>) {
        let Some(part) = self.parts.as_mut().and_then(|parts| parts.by_ticket(ticket)) else { return };
        part.step_back();
        match outcome {
            Ok(digest) => part.stage = Stage::Hashed(digest),
            Err(error) => self.fail(error.into()),
        }
    }

    pub(super) fn progress(&mut self, ticket: Ticket, bytes: u64) {
        let now_ms = self.now_ms;
        if let Some(part) = self.parts.as_mut().and_then(|parts| parts.by_ticket(ticket)) {
            let bytes = bytes.min(part.length);
            if let Stage::Sending(sending) = &mut part.stage
                && bytes > sending.sent_bytes
            {
                self.pace.add(bytes - sending.sent_bytes);
                sending.sent_bytes = bytes;
                sending.moved_at_ms = now_ms;
            }
        }
        self.pace.measure(now_ms);
    }

    pub(super) fn put(&mut self, ticket: Ticket, outcome: Result<Option<String>, PutError>) {
        let Some(parts) = &mut self.parts else { return };
        let error = match outcome {
            Ok(etag) => {
                let before = parts.stored_bytes() + parts.sending_bytes();
                if parts.store(ticket, etag) {
                    let stored = parts.stored_bytes();
                    self.pace.add(stored + parts.sending_bytes() - before);
                    self.pace.measure(self.now_ms);
                    self.acknowledge(stored);
                }
                return;
            }
            Err(error) => error,
        };
        let Some(part) = parts.by_ticket(ticket) else { return };
        part.step_back();
        let number = part.number;
        match error {
            PutError::Read(error) => self.fail(error.into()),
            PutError::Network => self.put_again(number, None, Code::Network),
            PutError::Refused { status, code, retry_after_ms } => {
                self.put_refused(number, status, &code, retry_after_ms);
            }
        }
    }

    /// Source: Amazon S3 API, list of error codes.
    fn put_refused(&mut self, number: PartNumber, status: u16, code: &str, retry_after_ms: Option<u64>) {
        let Some(part) = self.parts.as_mut().and_then(|parts| parts.by_number(number)) else { return };
        match (status, code) {
            (
                400,
                "BadDigest"
                | "InvalidDigest"
                | "XAmzContentChecksumMismatch"
                | "XAmzContentSHA256Mismatch"
                | "InvalidChecksum",
            ) => {
                if part.rehashed {
                    let message = "the file's bytes changed while it was being sent";
                    return self.fail(UploadFailure::new(Code::FileChanged, message));
                }
                part.rehashed = true;
                part.stage = Stage::Unread;
            }
            (403, _) => match &part.stage {
                // The URL has expired, or its key was withdrawn: another one may do.
                Stage::Signed(_, digest) if part.refused < MOST_REFUSALS => {
                    part.refused += 1;
                    part.stage = Stage::Hashed(*digest);
                }
                _ => self.fail(store_refused(status, code)),
            },
            (404, _) => self.ask_the_store(ErrorCode::UploadNotFound),
            (408 | 409 | 425 | 429 | 500..=599, _) | (400, "RequestTimeout") => {
                self.put_again(number, retry_after_ms, Code::Api(ErrorCode::StoreUnavailable));
            }
            _ => self.fail(store_refused(status, code)),
        }
    }

    /// Sends the part again after a wait, unless it has failed too often.
    fn put_again(&mut self, number: PartNumber, retry_after_ms: Option<u64>, code: Code) {
        let (backoff, online, now_ms) = (self.limits.part_backoff, self.online, self.now_ms);
        let Some(part) = self.parts.as_mut().and_then(|parts| parts.by_number(number)) else { return };
        if online {
            part.failed += 1;
        }
        part.not_before_ms = now_ms + backoff.wait_ms(part.failed, retry_after_ms, &mut self.jitter);
        if part.failed >= backoff.attempts {
            let message = format!("part {} was not stored in {} attempts", number.get(), part.failed);
            self.fail(UploadFailure::new(code, message));
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
        let (now_ms, stall_ms) = (self.now_ms, self.limits.stall_timeout_ms);
        let mut stalled = Vec::new();
        for part in self.parts.iter_mut().flat_map(|parts| parts.active_mut()) {
            if matches!(&part.stage, Stage::Sending(sending) if sending.moved_at_ms + stall_ms <= now_ms)
                && let Some(ticket) = part.step_back()
            {
                self.commands.push(Command::Stop { ticket });
                stalled.push(part.number);
            }
        }
        for number in stalled {
            self.put_again(number, None, Code::Network);
        }
        self.pace.measure(now_ms);
    }

    /// When a part is next due or stalled.
    pub(super) fn parts_next_ms(&self, running: bool) -> Option<u64> {
        if !running || !matches!(self.state, State::Sending) {
            return None;
        }
        let parts = self.parts.as_ref()?.active().iter();
        parts
            .filter_map(|part| match &part.stage {
                Stage::Sending(sending) => {
                    Some((sending.moved_at_ms + self.limits.stall_timeout_ms).min(self.now_ms + MEASURE_EVERY_MS))
                }
                Stage::Unread | Stage::Signed(..) => Some(part.not_before_ms).filter(|at_ms| *at_ms > self.now_ms),
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
    UploadFailure::new(Code::StoreRefused, format!("the store refused a part with status {status} {code}"))
}
