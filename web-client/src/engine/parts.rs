//! The parts of one upload: what the store has, and the few that are on their way.

use sealmark_protocol::{
    Checksum, CompletedPart, Integrity, PartNumber, PartPlan, PartToSign, Sha256Digest, SignedPart, StoredPart,
};

use super::{Limits, Ticket, backoff::Attempts};

/// How far a part has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// To be read and hashed.
    Unread,
    /// Being read and hashed.
    Hashing(Ticket),
    /// To be signed.
    Hashed(Checksum),
    /// In the batch that is being signed.
    Signing(Checksum),
    /// To be sent.
    Signed(Signed),
    /// Being sent.
    Sending(Sending),
}

/// A part with its presigned request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signed {
    pub(super) request: SignedPart,
    pub(super) checksum: Checksum,
    pub(super) signed_at_ms: u64,
}

/// A part that is being sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sending {
    pub(super) ticket: Ticket,
    pub(super) signed: Signed,
    pub(super) length: u64,
    pub(super) sent_bytes: u64,
    pub(super) began_at_ms: u64,
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
    pub(super) attempts: Attempts,
    /// How often the store refused the signature.
    pub(super) refused: u32,
    /// The checksum that the store has refused before.
    pub(super) refused_checksum: Option<Checksum>,
    /// Whether the store may have the part though its answer did not come: not sent again before it was asked. How
    /// often it was asked before.
    pub(super) unsure: Option<u32>,
    /// Not to be tried before, in milliseconds since 1970 UTC.
    pub(super) not_before_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    etag: Option<String>,
    /// How often the store was asked for its list before.
    asked: u32,
}

/// A signature with less time than this left is made anew first, in milliseconds; one that never lasts so long serves
/// for half its life.
const LEAST_LEFT_MS: u64 = 5_000;

impl Signed {
    /// Whether it is better signed anew; where its end is not known, the store will say.
    pub(super) fn is_stale(&self, now_ms: u64) -> bool {
        let expires_in_ms = self.request.expires_in_ms;
        let used_ms = expires_in_ms - LEAST_LEFT_MS.min(expires_in_ms / 2);
        expires_in_ms != 0 && self.signed_at_ms + used_ms <= now_ms
    }
}

impl Sending {
    /// When it counts as broken, unless a byte moves or an answer comes before.
    pub(super) const fn gives_up_ms(&self, limits: &Limits) -> u64 {
        let all_left = self.sent_bytes >= self.length;
        self.moved_at_ms + if all_left { limits.answer_timeout_ms } else { limits.stall_timeout_ms }
    }
}

/// All parts of a plan.
///
/// *Invariant:* a part is untouched (in `again`, or `next` or later and not stored), active, or stored; never two of
/// these.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    plan: PartPlan,
    integrity: Integrity,
    stored: Vec<Option<Stored>>,
    stored_bytes: u64,
    stored_count: u32,
    /// Checksums that are kept because the whole file was hashed first; empty where it was not.
    kept: Vec<Option<Checksum>>,
    active: Vec<ActivePart>,
    /// Parts that the store has lost.
    again: Vec<PartNumber>,
    next: u32,
    /// How often the store was asked for its list: what has happened since the last time may not be in it yet.
    asked: u32,
}

impl Parts {
    /// The parts of a plan, of which nothing is known yet.
    pub(super) fn new(plan: PartPlan, integrity: Integrity) -> Self {
        Self {
            plan,
            integrity,
            stored: vec![None; plan.part_count as usize],
            stored_bytes: 0,
            stored_count: 0,
            kept: Vec::new(),
            active: Vec::new(),
            again: Vec::new(),
            next: 1,
            asked: 0,
        }
    }

    /// Notes that the store is asked for its list now.
    pub(super) const fn ask(&mut self) {
        self.asked += 1;
    }

    /// How often it was.
    pub(super) const fn asked(&self) -> u32 {
        self.asked
    }

    pub(super) const fn plan(&self) -> PartPlan {
        self.plan
    }

    pub(super) const fn integrity(&self) -> Integrity {
        self.integrity
    }

    /// Takes the store's own list; the work that is thereby done, to be broken off.
    ///
    /// A stored part of another length, or with another etag than was seen, is not ours and is sent again. What was
    /// stored or became unsure since the list was asked for stays so.
    pub(super) fn take_list(&mut self, in_store: &[StoredPart]) -> Vec<Ticket> {
        let asked = self.asked;
        for part in in_store {
            let Some((_, length)) = self.plan.range(part.number) else { continue };
            let slot = &mut self.stored[part.number.get() as usize - 1];
            let (is_newer, seen) =
                slot.as_ref().map_or((false, None), |stored| (stored.asked == asked, stored.etag.as_deref()));
            // Stores spell the same etag with and without its quotes, depending on where it is asked for.
            let is_same = seen.is_none_or(|seen| unquoted(seen) == unquoted(&part.etag));
            if length == part.size_bytes && is_same && !is_newer {
                *slot = Some(Stored { etag: Some(part.etag.clone()), asked });
            }
        }
        self.stored_bytes = 0;
        self.stored_count = 0;
        for number in self.plan.numbers() {
            let slot = &mut self.stored[number.get() as usize - 1];
            // What is neither newer nor in the list is lost; from `next` on it has its turn anyway.
            if slot.take_if(|stored| stored.asked != asked).is_some() && number.get() < self.next {
                self.again.push(number);
            }
            if slot.is_some() {
                self.stored_bytes += self.plan.range(number).map_or(0, |(_, length)| length);
                self.stored_count += 1;
            }
        }
        self.again.retain(|number| self.stored[number.get() as usize - 1].is_none());
        let mut done = Vec::new();
        self.active.retain_mut(|part| {
            part.unsure.take_if(|unsure| *unsure != asked);
            let keep = self.stored[part.number.get() as usize - 1].is_none();
            if !keep {
                done.extend(part.ticket());
            }
            keep
        });
        done
    }

    fn etag(&self, number: PartNumber) -> Option<&str> {
        self.stored.get(number.get() as usize - 1)?.as_ref()?.etag.as_deref()
    }

    /// Bytes that the store has.
    pub(super) const fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Parts that the store does not have.
    pub(super) const fn open_count(&self) -> u32 {
        self.plan.part_count - self.stored_count
    }

    /// Bytes on their way.
    pub(super) fn sending_bytes(&self) -> u64 {
        self.active
            .iter()
            .map(|part| if let Stage::Sending(sending) = &part.stage { sending.sent_bytes } else { 0 })
            .sum()
    }

    /// Bytes of the parts on their way that are at such a stage.
    pub(super) fn bytes(&self, wanted: impl Fn(&Stage) -> bool) -> u64 {
        self.active.iter().filter(|part| wanted(&part.stage)).map(|part| part.length).sum()
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
        while self.active.len() < window {
            let number = match self.again.pop() {
                Some(number) => number,
                None if self.next <= self.plan.part_count => {
                    self.next += 1;
                    match PartNumber::new(self.next - 1) {
                        Ok(number) if self.stored[number.get() as usize - 1].is_none() => number,
                        _ => continue,
                    }
                }
                None => return,
            };
            let Some((offset, length)) = self.plan.range(number) else { continue };
            let kept = self.kept.get(number.get() as usize - 1).copied().flatten();
            let stage = match self.integrity {
                Integrity::None => Stage::Hashed(Checksum::None),
                _ => kept.map_or(Stage::Unread, Stage::Hashed),
            };
            self.active.push(ActivePart {
                number,
                offset,
                length,
                stage,
                attempts: Attempts::default(),
                refused: 0,
                refused_checksum: None,
                unsure: None,
                not_before_ms: 0,
            });
        }
    }

    /// Keeps the checksums of parts that are hashed, and makes room for the next: the whole file is hashed first.
    pub(super) fn keep_hashed(&mut self) {
        self.kept.resize(self.plan.part_count as usize, None);
        self.active.retain(|part| match part.stage {
            Stage::Hashed(checksum) => {
                self.kept[part.number.get() as usize - 1] = Some(checksum);
                false
            }
            _ => true,
        });
    }

    /// The digest of the whole content, once every part's checksum is kept: SHA-256 over those of the parts. From then
    /// on the parts can be sent.
    pub(super) fn content(&mut self) -> Option<Sha256Digest> {
        let mut digests = Vec::with_capacity(self.kept.len() * 32);
        for kept in &self.kept {
            let Some(Checksum::Sha256(digest)) = kept else { return None };
            digests.extend_from_slice(digest.as_bytes());
        }
        self.next = 1;
        Some(Sha256Digest::of(&digests))
    }

    /// The part that this work is about.
    pub(super) fn by_ticket(&mut self, wanted: Ticket) -> Option<&mut ActivePart> {
        self.active.iter_mut().find(|part| part.ticket() == Some(wanted))
    }

    /// The part of this number, while it is on its way.
    pub(super) fn by_number(&mut self, wanted: PartNumber) -> Option<&mut ActivePart> {
        self.active.iter_mut().find(|part| part.number == wanted)
    }

    /// Notes that the store has the part that this work sent.
    pub(super) fn store(&mut self, ticket: Ticket, etag: Option<String>) {
        let Some(index) = self.active.iter().position(|part| part.ticket() == Some(ticket)) else { return };
        let part = self.active.remove(index);
        let slot = &mut self.stored[part.number.get() as usize - 1];
        if slot.replace(Stored { etag, asked: self.asked }).is_none() {
            self.stored_bytes += part.length;
            self.stored_count += 1;
        }
    }

    /// Takes up to `most` hashed parts into the batch that is being signed.
    pub(super) fn take_batch(&mut self, most: usize) -> Vec<PartToSign> {
        let mut batch = Vec::new();
        for part in &mut self.active {
            if let Stage::Hashed(checksum) = part.stage
                && batch.len() < most
            {
                part.stage = Stage::Signing(checksum);
                batch.push(PartToSign::new(part.number, checksum));
            }
        }
        batch
    }

    /// Puts the batch back: it was not signed.
    pub(super) fn return_batch(&mut self) {
        for part in &mut self.active {
            if let Stage::Signing(checksum) = part.stage {
                part.stage = Stage::Hashed(checksum);
            }
        }
    }

    /// Gives the batch its signatures; `false` where one is missing.
    pub(super) fn sign_batch(&mut self, mut signed: Vec<SignedPart>, signed_at_ms: u64) -> bool {
        let mut complete = true;
        for part in &mut self.active {
            if let Stage::Signing(checksum) = part.stage {
                match signed.iter().position(|request| request.number == part.number) {
                    Some(index) => {
                        let request = signed.swap_remove(index);
                        part.stage = Stage::Signed(Signed { request, checksum, signed_at_ms });
                    }
                    None => complete = false,
                }
            }
        }
        complete
    }

    /// Has every part that waits with its signature signed anew.
    pub(super) fn forget_signatures(&mut self) {
        for part in &mut self.active {
            if let Stage::Signed(signed) = &part.stage {
                part.stage = Stage::Hashed(signed.checksum);
            }
        }
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
            Stage::Sending(sending) => Stage::Signed(sending.signed),
            _ => Stage::Unread,
        };
        Some(ticket)
    }
}

fn unquoted(etag: &str) -> &[u8] {
    let mut bytes = etag.as_bytes();
    while let [b'"', rest @ ..] | [rest @ .., b'"'] = bytes {
        bytes = rest;
    }
    bytes
}
