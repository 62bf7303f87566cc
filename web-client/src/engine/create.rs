//! How an upload begins: the file known, hashed where the creation is to tell its digest, and adopted as the server
//! plans it.

use sealmark_protocol::{CreateUploadRequest, ErrorCode, Integrity, MAX_PARTS, Upload, plan_parts};

use super::{
    CallError, Code, Command, Engine, Identity, Known, State, Ticket, UploadFailure, calls::MOST_PARTS_A_BATCH,
    empty_file, link::FIRST_PART_BYTES, parts::Parts,
};
use crate::news::MediaNews;

impl Engine {
    pub(super) fn identified(&mut self, ticket: Ticket, outcome: Result<Identity, UploadFailure>) {
        if !self.call.take(ticket) {
            return;
        }
        let identity = match outcome {
            Ok(identity) => identity,
            Err(failure) => return self.fail(failure),
        };
        self.is_identified = true;
        self.source.file_name = identity.file_name;
        self.source.size_bytes = identity.size_bytes;
        self.source.content_type = identity.content_type;
        if let Some(media_id) = identity.made {
            return self.is_whole(media_id);
        }
        self.resume = identity.resume;
        match self.resume {
            Some(upload_id) => self.enter(State::Fetching(upload_id)),
            None => self.begin_anew(),
        }
    }

    /// Asks for a new upload, under a new idempotency key; hashes first what the creation is to tell.
    pub(super) fn begin_anew(&mut self) {
        self.resume = None;
        self.known = None;
        self.creation = None;
        self.content = None;
        self.acknowledged_bytes = 0;
        self.resumed_bytes = 0;
        self.creations += 1;
        self.stop_parts();
        // Content is known again only where it is cut as before.
        let wanted = if self.limits.instant { FIRST_PART_BYTES } else { self.share.part_size_bytes };
        let part_bytes = self.limits.part_size_bytes.unwrap_or(wanted);
        let plan = match plan_parts(self.source.size_bytes, part_bytes) {
            Ok(plan) => plan,
            Err(_) if self.source.size_bytes == 0 => return self.fail(empty_file()),
            Err(_) => {
                let message = "the file is over the limit of 5 TiB";
                return self.fail(UploadFailure::new(Code::Api(ErrorCode::FileTooLarge), message));
            }
        };
        let integrity = self.limits.integrity;
        self.hashes_all = self.limits.instant && integrity == Integrity::Sha256;
        self.parts = Some(Parts::new(plan, integrity));
        let hashes_first = self.hashes_all || (plan.part_count == 1 && integrity != Integrity::None);
        self.enter(if hashes_first { State::Hashing } else { State::Creating });
    }

    /// The body of a creation: what is hashed by now is signed with it.
    pub(super) fn creation_of_now(&mut self) -> Option<CreateUploadRequest> {
        let parts = self.parts.as_mut()?;
        parts.fill(1);
        let plan = parts.plan();
        Some(CreateUploadRequest {
            content_type: self.source.content_type.clone(),
            part_size_bytes: Some(plan.part_size_bytes),
            integrity: parts.integrity(),
            form: plan.part_count == 1,
            content: self.content,
            sign: parts.take_batch(MOST_PARTS_A_BATCH),
            ..CreateUploadRequest::new(self.source.file_name.clone(), self.source.size_bytes)
        })
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
                    self.adopt(upload);
                }
            }
            // Given up meanwhile: an upload that was made all the same is the sweeper's.
            Err(_) if matches!(self.state, State::Cancelling { .. }) => self.enter(State::Cancelled),
            Err(error) => self.call_failed(error),
        }
    }

    /// Takes the server's plan and the store's parts.
    pub(super) fn adopt(&mut self, upload: Upload) {
        let plan = upload.plan();
        let covers = plan.part_count > 0
            && plan.part_size_bytes > 0
            && plan.size_bytes == self.source.size_bytes
            && plan.size_bytes.div_ceil(plan.part_size_bytes) == u64::from(plan.part_count);
        if !covers || plan.part_count > MAX_PARTS {
            return self.fail(CallError::BadAnswer.into());
        }
        let same = |parts: &Parts| parts.plan() == plan && parts.integrity() == upload.integrity;
        if !self.parts.as_ref().is_some_and(same) {
            self.stop_parts();
            self.parts = Some(Parts::new(plan, upload.integrity));
        }
        let Some(parts) = &mut self.parts else { return };
        if !upload.signed.is_empty() {
            parts.sign_batch(upload.signed, self.now_ms);
        }
        if self.creation.take().is_some() {
            parts.return_batch();
        }
        let done = parts.take_list(&upload.parts);
        let stored = parts.stored_bytes();
        for ticket in done {
            self.push(Command::Stop { ticket, hung: false });
        }
        if self.creations == 0 && self.resumed_bytes == 0 && self.acknowledged_bytes == 0 {
            self.resumed_bytes = stored;
            self.pace.restart(self.now_ms);
        }
        match upload.challenge {
            Some(challenge) if self.content.is_some() => self.enter(State::Proving(challenge)),
            _ => self.enter(State::Sending),
        }
        self.acknowledge(stored);
    }

    pub(super) fn proved(&mut self, ticket: Ticket, outcome: Result<MediaNews, CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        match outcome {
            Ok(news) => {
                self.call_succeeded();
                self.is_instant = true;
                self.is_whole(news.media_id);
                self.show(news);
            }
            Err(error) if self.renews_token(&error) => {}
            Err(CallError::Network) => self.proof_unanswered(),
            // Whatever is wrong with the proof: the bytes themselves will do.
            Err(_) => self.enter(State::Sending),
        }
    }

    /// The answer may have been lost, and the upload be whole; another proof would be refused.
    pub(super) fn proof_unanswered(&mut self) {
        self.content = None;
        if let Some(known) = self.known {
            self.enter(State::Fetching(known.upload_id));
        }
    }
}
