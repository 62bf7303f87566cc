//! The parts of one upload: what the store has, and the few that are on their way.

use sealmark_protocol::{
    Checksum, CompletedPart, PartNumber, PartPlan, PartToSign, Sha256Digest, SignedPart, StoredPart,
};

use super::Ticket;

/// How far a part has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// To be read and hashed.
    Unread,
    /// Being read and hashed.
    Hashing(Ticket),
    /// To be signed.
    Hashed(Sha256Digest),
    /// In the batch that is being signed.
    Signing(Sha256Digest),
    /// To be sent.
    Signed(SignedPart, Sha256Digest),
    /// Being sent.
    Sending(Sending),
}

/// A part that is being sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sending {
    pub(super) ticket: Ticket,
    pub(super) request: SignedPart,
    pub(super) digest: Sha256Digest,
    pub(super) sent_bytes: u64,
    pub(super) moved_at_ms: u64,
}

/// A part between untouched and stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ActivePart {
    pub(super) number: PartNumber,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) stage: Stage,
    /// Failed attempts that a repeat may mend.
    pub(super) failed: u32,
    /// How often the store refused the signature.
    pub(super) refused: u32,
    /// Whether the store has refused the checksum before.
    pub(super) rehashed: bool,
    /// Not to be tried before, in milliseconds since 1970 UTC.
    pub(super) not_before_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    etag: Option<String>,
}

/// All parts of a plan.
///
/// *Invariant:* a part is untouched (`next` or later and not stored), active, or stored; never two of these.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    plan: PartPlan,
    stored: Vec<Option<Stored>>,
    stored_bytes: u64,
    stored_count: u32,
    active: Vec<ActivePart>,
    next: u32,
}

impl Parts {
    /// The parts of a plan, of which the store has some.
    ///
    /// A stored part of another length, or with another etag than `before` saw, is not ours and is sent again.
    pub(super) fn new(plan: PartPlan, in_store: &[StoredPart], before: Option<&Self>) -> Self {
        let mut parts = Self {
            plan,
            stored: vec![None; plan.part_count as usize],
            stored_bytes: 0,
            stored_count: 0,
            active: Vec::new(),
            next: 1,
        };
        let before = before.filter(|before| before.plan == plan);
        for part in in_store {
            let same_length = plan.range(part.number).is_some_and(|(_, length)| length == part.size_bytes);
            let seen = before.and_then(|before| before.etag(part.number));
            // Stores spell the same etag with and without its quotes, depending on where it is asked for.
            if same_length && seen.is_none_or(|seen| seen.trim_matches('"') == part.etag.trim_matches('"')) {
                parts.mark(part.number, part.size_bytes, Some(part.etag.clone()));
            }
        }
        parts
    }

    fn etag(&self, number: PartNumber) -> Option<&str> {
        self.stored.get(number.get() as usize - 1)?.as_ref()?.etag.as_deref()
    }

    fn mark(&mut self, number: PartNumber, length: u64, etag: Option<String>) {
        if let Some(slot @ None) = self.stored.get_mut(number.get() as usize - 1) {
            *slot = Some(Stored { etag });
            self.stored_bytes += length;
            self.stored_count += 1;
        }
    }

    /// Bytes that the store has.
    pub(super) const fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Bytes on their way.
    pub(super) fn sending_bytes(&self) -> u64 {
        self.active
            .iter()
            .map(|part| if let Stage::Sending(sending) = &part.stage { sending.sent_bytes } else { 0 })
            .sum()
    }

    /// Whether the store has every part.
    pub(super) const fn is_whole(&self) -> bool {
        self.stored_count == self.plan.part_count
    }

    /// The etags seen, for completing.
    pub(super) fn completed(&self) -> Vec<CompletedPart> {
        let numbers = self.plan.numbers();
        numbers.filter_map(|number| Some(CompletedPart { number, etag: self.etag(number)?.to_owned() })).collect()
    }

    /// The parts on their way, lowest number first.
    pub(super) fn active(&self) -> &[ActivePart] {
        &self.active
    }

    /// The parts on their way, lowest number first, to change.
    pub(super) fn active_mut(&mut self) -> &mut [ActivePart] {
        &mut self.active
    }

    /// Activates untouched parts until so many are on their way.
    pub(super) fn fill(&mut self, window: usize) {
        while self.active.len() < window && self.next <= self.plan.part_count {
            let index = self.next as usize - 1;
            if let (None, Ok(number)) = (&self.stored[index], PartNumber::new(self.next))
                && let Some((offset, length)) = self.plan.range(number)
            {
                self.active.push(ActivePart {
                    number,
                    offset,
                    length,
                    stage: Stage::Unread,
                    failed: 0,
                    refused: 0,
                    rehashed: false,
                    not_before_ms: 0,
                });
            }
            self.next += 1;
        }
    }

    /// The part that this work is about.
    pub(super) fn by_ticket(&mut self, wanted: Ticket) -> Option<&mut ActivePart> {
        self.active.iter_mut().find(|part| part.ticket() == Some(wanted))
    }

    /// The part of this number, while it is on its way.
    pub(super) fn by_number(&mut self, wanted: PartNumber) -> Option<&mut ActivePart> {
        self.active.iter_mut().find(|part| part.number == wanted)
    }

    /// Notes that the store has the part that this work sent; `false` for work that is not ours.
    pub(super) fn store(&mut self, ticket: Ticket, etag: Option<String>) -> bool {
        let Some(index) = self.active.iter().position(|part| part.ticket() == Some(ticket)) else { return false };
        let part = self.active.remove(index);
        self.mark(part.number, part.length, etag);
        true
    }

    /// Takes up to `most` hashed parts into the batch that is being signed.
    pub(super) fn take_batch(&mut self, most: usize) -> Vec<PartToSign> {
        let mut batch = Vec::new();
        for part in &mut self.active {
            if let Stage::Hashed(sha256) = part.stage
                && batch.len() < most
            {
                part.stage = Stage::Signing(sha256);
                batch.push(PartToSign::new(part.number, Checksum::Sha256(sha256)));
            }
        }
        batch
    }

    /// Puts the batch back: it was not signed.
    pub(super) fn return_batch(&mut self) {
        for part in &mut self.active {
            if let Stage::Signing(sha256) = part.stage {
                part.stage = Stage::Hashed(sha256);
            }
        }
    }

    /// Gives the batch its signatures; `false` where one is missing.
    pub(super) fn sign_batch(&mut self, mut signed: Vec<SignedPart>) -> bool {
        let mut complete = true;
        for part in &mut self.active {
            if let Stage::Signing(sha256) = part.stage {
                match signed.iter().position(|request| request.number == part.number) {
                    Some(index) => part.stage = Stage::Signed(signed.swap_remove(index), sha256),
                    None => complete = false,
                }
            }
        }
        complete
    }

    /// How many parts on their way are at such a stage.
    pub(super) fn count(&self, wanted: impl Fn(&Stage) -> bool) -> usize {
        self.active.iter().filter(|part| wanted(&part.stage)).count()
    }
}

impl ActivePart {
    /// Number of the work that is being done for this part alone.
    pub(super) const fn ticket(&self) -> Option<Ticket> {
        match &self.stage {
            Stage::Hashing(ticket) => Some(*ticket),
            Stage::Sending(sending) => Some(sending.ticket),
            _ => None,
        }
    }

    /// Steps back to before the work that is being done; its number, for breaking it off.
    pub(super) fn step_back(&mut self) -> Option<Ticket> {
        let ticket = self.ticket()?;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Unread) {
            Stage::Sending(sending) => Stage::Signed(sending.request, sending.digest),
            _ => Stage::Unread,
        };
        Some(ticket)
    }
}
