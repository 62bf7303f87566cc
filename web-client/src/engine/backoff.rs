//! How long to wait before another attempt: exponential backoff with full jitter.

/// Longest wait that a server may ask for by `Retry-After`, in milliseconds.
const LONGEST_RETRY_AFTER_MS: u64 = 5 * 60 * 1_000;

/// How often to try and how long to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first wait, in milliseconds; it doubles with each attempt.
    pub first_ms: u64,
    /// Ceiling of every wait, in milliseconds.
    pub longest_ms: u64,
    /// Attempts in all, at least 1.
    pub attempts: u32,
}

impl Backoff {
    /// The wait after the given number of failed attempts: anything between 0 and the ceiling, so that clients that
    /// failed together do not come back together. What the server asks for comes on top.
    pub(super) fn wait_ms(&self, failed: u32, retry_after_ms: Option<u64>, jitter: &mut Jitter) -> u64 {
        let doubled = self.first_ms.saturating_mul(1 << failed.saturating_sub(1).min(30));
        let random = jitter.up_to(doubled.min(self.longest_ms));
        match retry_after_ms {
            Some(asked) => asked.min(LONGEST_RETRY_AFTER_MS) + random.min(self.first_ms),
            None => random,
        }
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

    const BACKOFF: Backoff = Backoff { first_ms: 1_000, longest_ms: 60_000, attempts: 8 };

    proptest! {
        #[test]
        fn a_wait_stays_under_its_ceiling(seed: u64, failed in 0..200_u32) {
            let wait = BACKOFF.wait_ms(failed, None, &mut Jitter::new(seed));
            prop_assert!(wait <= (1_000_u64 << failed.saturating_sub(1).min(6)).min(60_000));
        }

        #[test]
        fn the_servers_wish_is_kept_but_not_for_ever(seed: u64, asked: u64) {
            let wait = BACKOFF.wait_ms(1, Some(asked), &mut Jitter::new(seed));
            prop_assert!(wait >= asked.min(300_000) && wait <= 301_000);
        }
    }

    #[test]
    fn waits_are_spread() {
        let mut jitter = Jitter::new(7);
        let waits: std::collections::BTreeSet<_> = (0..100).map(|_| BACKOFF.wait_ms(4, None, &mut jitter)).collect();
        assert!(waits.len() > 90, "{waits:?}");
    }
}
