//! What the link bears: how many parts at once, and how long a part should be.

use super::backoff::Trouble;

/// Most parts of all files that are ever sent at once.
const MOST_PARTS: usize = 8;
/// Parts at once to begin with: two alone leave a quarter of a far link unused.
const FIRST_PARTS: usize = 6;
/// The same on a link that the browser calls as slow as this.
const THIN_PARTS: usize = 3;
const THIN_KBIT: u32 = 300;
const SLOW_MS: u32 = 1_500;
/// One look at the link takes at least this long, in milliseconds.
const LOOK_MS: u64 = 1_500;
/// After a change that brought nothing, or a complaint, nothing is tried for this long, in milliseconds.
const REST_MS: u64 = 15_000;
/// What one more part at once must add to be kept, in percent.
const WORTH_PERCENT: u64 = 4;
const MIB: u64 = 1024 * 1024;
/// Shortest and longest part that is asked for, in bytes; the shortest is S3's own.
const PART_BYTES: (u64, u64) = (5 * MIB, 64 * MIB);
/// Length of a part before anything is known of the link, in bytes.
pub(crate) const FIRST_PART_BYTES: u64 = 8 * MIB;
/// A part should take about this long, in milliseconds: long beside its round trips, short to lose.
const PART_MS: u64 = 1_500;

/// What an upload tells of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// Bytes have left.
    Moved {
        /// How many.
        bytes: u64,
    },
    /// A part is stored.
    Stored {
        /// Its length.
        bytes: u64,
        /// From its beginning to the store's answer.
        took_ms: u64,
    },
    /// A part has failed in a way that time may mend.
    Failed(Trouble),
}

/// What the browser knows of the link before anything was sent. It is often wrong, in a fresh profile most of all, so only
/// what it calls very slow is believed.
///
/// Source: Network Information API, `downlink` and `rtt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// Bandwidth in kbit/s.
    pub downlink_kbit: Option<u32>,
    /// Round trip in milliseconds.
    pub rtt_ms: Option<u32>,
}

/// The link as the parts of all uploads experience it.
///
/// Parts at once are found by climbing: one more is kept while it adds throughput. Refusals under load halve them, and
/// while every attempt fails only one part at a time asks whether the outage is over.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    fixed: Option<usize>,
    parts: usize,
    /// What the last look measured, with how many parts at once.
    before: Option<(usize, u64)>,
    rest_until_ms: u64,
    /// Another complaint before this comes of what was sent before the first one.
    eased_until_ms: u64,
    look_began_ms: u64,
    look_bytes: u64,
    /// Whether all parts at once were in use during the whole look.
    saturated: bool,
    /// Failures since the last stored part.
    failures: u32,
    /// Failures among the last attempts, as a moving share of 1,000.
    failing_permille: u64,
    /// Smoothed throughput of one part's connection, in bytes a second.
    one_bytes_per_s: Option<u64>,
}

impl Link {
    /// A link with so many parts at once, or as many as it bears.
    pub(crate) fn new(fixed: Option<usize>, hint: Hint) -> Self {
        let thin =
            hint.downlink_kbit.is_some_and(|kbit| kbit < THIN_KBIT) || hint.rtt_ms.is_some_and(|ms| ms > SLOW_MS);
        Self {
            fixed: fixed.map(|parts| parts.clamp(1, MOST_PARTS)),
            parts: if thin { THIN_PARTS } else { FIRST_PARTS },
            before: None,
            rest_until_ms: 0,
            eased_until_ms: 0,
            look_began_ms: 0,
            look_bytes: 0,
            saturated: false,
            failures: 0,
            failing_permille: 0,
            one_bytes_per_s: thin.then_some(0),
        }
    }

    /// Parts that may be sent at once now.
    pub(crate) fn parts_at_once(&self) -> usize {
        let parts = self.fixed.unwrap_or(self.parts);
        if self.failures as usize >= parts.max(3) { 1 } else { parts }
    }

    /// Length of a part to ask for, in bytes.
    pub(crate) fn part_bytes(&self) -> u64 {
        // What breaks often should be short.
        if self.failing_permille > 100 {
            return PART_BYTES.0;
        }
        let wanted = self.one_bytes_per_s.map_or(FIRST_PART_BYTES, |speed| speed * PART_MS / 1_000);
        (wanted / MIB * MIB).clamp(PART_BYTES.0, PART_BYTES.1)
    }

    /// Takes what an upload tells; `sending` parts are on their way.
    pub(crate) fn take(&mut self, now_ms: u64, note: Note) {
        match note {
            Note::Moved { bytes } => self.look_bytes += bytes,
            Note::Stored { bytes, took_ms } => {
                self.failures = 0;
                self.failing_permille -= self.failing_permille / 8;
                // Small files say little of the link.
                if bytes >= MIB {
                    let speed = bytes * 1_000 / took_ms.max(1);
                    self.one_bytes_per_s = Some(self.one_bytes_per_s.map_or(speed, |before| (before * 3 + speed) / 4));
                }
            }
            Note::Failed(trouble) => {
                // Where bytes move there is no outage, however often connections break.
                if trouble != Trouble::Broken {
                    self.failures = self.failures.saturating_add(1);
                }
                self.failing_permille += (1_000 - self.failing_permille) / 8;
                if trouble == Trouble::Throttled && now_ms >= self.eased_until_ms {
                    self.parts = (self.parts / 2).max(1);
                    self.rest(now_ms);
                    self.eased_until_ms = self.rest_until_ms;
                }
            }
        }
    }

    /// Looks whether one part more or less is due; `sending` parts are on their way.
    pub(crate) fn look(&mut self, now_ms: u64, sending: usize) {
        let all = self.parts_at_once();
        if self.look_began_ms == 0 || sending == 0 {
            self.look_began_ms = now_ms;
            self.look_bytes = 0;
            self.saturated = true;
        }
        self.saturated &= sending >= all;
        let elapsed_ms = now_ms.saturating_sub(self.look_began_ms);
        if elapsed_ms < LOOK_MS {
            return;
        }
        let speed = self.look_bytes * 1_000 / elapsed_ms;
        let usable = self.saturated && self.failures == 0 && self.fixed.is_none();
        self.look_began_ms = now_ms;
        self.look_bytes = 0;
        self.saturated = true;
        if !usable || now_ms < self.rest_until_ms {
            return;
        }
        match self.before.replace((self.parts, speed)) {
            Some((fewer, before)) if fewer < self.parts => {
                if speed * 100 < before * (100 + WORTH_PERCENT) {
                    self.parts = fewer;
                    return self.rest(now_ms);
                }
                self.more(now_ms);
            }
            _ => self.more(now_ms),
        }
    }

    fn more(&mut self, now_ms: u64) {
        if self.parts < MOST_PARTS {
            self.parts += 1;
        } else {
            self.rest(now_ms);
        }
    }

    fn rest(&mut self, now_ms: u64) {
        self.before = None;
        self.rest_until_ms = now_ms + REST_MS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets a link carry parts that each connection moves at `one`, all together at most `all` bytes a second.
    fn carry(link: &mut Link, from_ms: u64, for_ms: u64, one: u64, all: u64) -> u64 {
        let mut now_ms = from_ms;
        while now_ms < from_ms + for_ms {
            let sending = link.parts_at_once();
            let bytes = (one * sending as u64).min(all) / 20;
            link.take(now_ms, Note::Moved { bytes });
            link.look(now_ms, sending);
            now_ms += 50;
        }
        now_ms
    }

    #[test]
    fn it_climbs_where_each_connection_adds_and_rests_where_none_does() {
        let mut link = Link::new(None, Hint::default());
        carry(&mut link, 1, 30_000, 6_000_000, u64::MAX);
        assert_eq!(link.parts_at_once(), MOST_PARTS);
        let mut link = Link::new(None, Hint::default());
        carry(&mut link, 1, 14_000, 6_000_000, 6_000_000);
        assert_eq!(link.parts_at_once(), FIRST_PARTS);
    }

    #[test]
    fn an_outage_leaves_one_that_asks_and_its_end_brings_all_back() {
        let mut link = Link::new(Some(4), Hint::default());
        for _ in 0..4 {
            link.take(1, Note::Failed(Trouble::Network));
        }
        assert_eq!((link.parts_at_once(), link.part_bytes()), (1, PART_BYTES.0));
        link.take(2, Note::Stored { bytes: 8 * MIB, took_ms: 1_000 });
        assert_eq!(link.parts_at_once(), 4);
    }

    #[test]
    fn connections_that_break_make_parts_short_but_not_fewer() {
        let mut link = Link::new(Some(6), Hint::default());
        for _ in 0..6 {
            link.take(1, Note::Failed(Trouble::Broken));
        }
        assert_eq!((link.parts_at_once(), link.part_bytes()), (6, PART_BYTES.0));
    }

    #[test]
    fn a_throttled_link_gets_half_but_not_at_each_complaint() {
        let mut link = Link::new(None, Hint::default());
        link.take(1_000, Note::Failed(Trouble::Throttled));
        link.take(1_001, Note::Failed(Trouble::Throttled));
        link.take(1_002, Note::Stored { bytes: MIB, took_ms: 100 });
        assert_eq!(link.parts_at_once(), FIRST_PARTS / 2);
    }

    #[test]
    fn parts_are_as_long_as_the_link_is_fast() {
        let mut link = Link::new(None, Hint::default());
        link.take(1, Note::Stored { bytes: MIB - 1, took_ms: 1 });
        assert_eq!(link.part_bytes(), FIRST_PART_BYTES);
        for _ in 0..20 {
            link.take(1, Note::Stored { bytes: 8 * MIB, took_ms: 250 });
        }
        assert!(link.part_bytes() > 32 * MIB);
        let thin = Link::new(None, Hint { downlink_kbit: Some(100), rtt_ms: None });
        assert_eq!((thin.part_bytes(), thin.parts_at_once()), (PART_BYTES.0, THIN_PARTS));
    }
}
