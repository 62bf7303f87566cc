//! How long to wait before another attempt: exponential backoff with full jitter, by class of error.

/// Longest wait that a server may ask for by `Retry-After`, in milliseconds.
const LONGEST_RETRY_AFTER_MS: u64 = 5 * 60 * 1_000;

/// Why an attempt failed, as far as another one may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A connection broke that had carried bytes: the next one is likely to carry them, too.
    Broken,
    /// No answer came, and nothing moved.
    Network,
    /// The other side has a fault of its own.
    Server,
    /// The other side asks for less.
    Throttled,
}

impl Trouble {
    /// The class of an HTTP status of which [`is_transient`] says yes.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            429 | 503 => Self::Throttled,
            _ => Self::Server,
        }
    }

    /// Ceilings of the first wait and of every wait, in milliseconds; they double in between.
    const fn ceilings_ms(self) -> (u64, u64) {
        match self {
            Self::Broken => (100, 15_000),
            Self::Network => (500, 15_000),
            Self::Server => (1_000, 30_000),
            Self::Throttled => (2_000, 60_000),
        }
    }

    /// The wait after the given number of failed attempts: anything between 0 and the ceiling, so that clients that
    /// failed together do not come back together. What the server asks for comes on top.
    pub(super) fn wait_ms(
        self,
        failed: u32,
        patience: Patience,
        retry_after_ms: Option<u64>,
        jitter: &mut Jitter,
    ) -> u64 {
        let (first_ms, longest_ms) = self.ceilings_ms();
        let doubled = first_ms << failed.saturating_sub(1).min(20);
        let random = jitter.up_to(doubled.min(longest_ms).min(patience.longest_wait_ms));
        match retry_after_ms {
            Some(asked) => asked.min(LONGEST_RETRY_AFTER_MS) + random.min(first_ms),
            None => random,
        }
    }
}

/// Whether an HTTP status means that the same request may succeed later.
pub(super) const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// How long to go on, and how long to wait at most in between, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) for_ms: u64,
    pub(super) longest_wait_ms: u64,
}

/// Failed attempts at one thing since it last succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Attempts {
    failed: u32,
    since_ms: u64,
}

impl Attempts {
    /// Counts a failure; the wait before the next attempt, or `None` once patience is at its end.
    pub(super) fn fail(
        &mut self,
        now_ms: u64,
        patience: Patience,
        trouble: Trouble,
        retry_after_ms: Option<u64>,
        jitter: &mut Jitter,
    ) -> Option<u64> {
        if self.failed == 0 {
            self.since_ms = now_ms;
        }
        self.failed += 1;
        (now_ms < self.since_ms + patience.for_ms)
            .then(|| trouble.wait_ms(self.failed, patience, retry_after_ms, jitter))
    }

    /// How many there were.
    pub(super) const fn failed(self) -> u32 {
        self.failed
    }
}

/// Random numbers for waits, from a seed (SplitMix64).
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Debug, Clone)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `limit`, both possible.
    fn up_to(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.saturating_add(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATIENCE: Patience = Patience { for_ms: 600_000, longest_wait_ms: 60_000 };

    proptest! {
        #[test]
        fn a_wait_stays_under_its_ceiling(seed: u64, failed in 0..200_u32) {
            let wait = Trouble::Server.wait_ms(failed, PATIENCE, None, &mut Jitter::new(seed));
            prop_assert!(wait <= (1_000_u64 << failed.saturating_sub(1).min(6)).min(30_000));
        }

        #[test]
        fn the_servers_wish_is_kept_but_not_for_ever(seed: u64, asked: u64) {
            let wait = Trouble::Throttled.wait_ms(1, PATIENCE, Some(asked), &mut Jitter::new(seed));
            prop_assert!(wait >= asked.min(300_000) && wait <= 302_000);
        }
    }

    #[test]
    fn waits_are_spread() {
        let mut jitter = Jitter::new(7);
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|_| Trouble::Network.wait_ms(4, PATIENCE, None, &mut jitter)).collect();
        assert!(waits.len() > 90, "{waits:?}");
    }

    #[test]
    fn patience_ends_only_after_its_time() {
        let (mut attempts, mut jitter, mut now_ms) = (Attempts::default(), Jitter::new(1), 1_000);
        while let Some(wait_ms) = attempts.fail(now_ms, PATIENCE, Trouble::Network, None, &mut jitter) {
            now_ms += wait_ms.max(1);
        }
        assert!(now_ms >= 601_000 && attempts.failed() > 40);
    }
}
