//! When a failed entry comes again: later each time, and not all at once.

use std::time::Duration;

/// How long entries wait before they come again.
///
/// The wait is random between nothing and a bound that doubles with each failure, so that what failed together does not come
/// back together. Source: M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog 2015 (full jitter).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Bound after the first failure.
    pub first: Duration,
    /// The bound grows no further than this.
    pub longest: Duration,
    /// Longest wait where not the entry failed but something that all need was away; half of it is waited at least.
    pub away: Duration,
}

impl Default for RetryPolicy {
    /// 2 s, 5 min, 5 s.
    fn default() -> Self {
        Self { first: Duration::from_secs(2), longest: Duration::from_secs(300), away: Duration::from_secs(5) }
    }
}

impl RetryPolicy {
    /// How long to wait after so many failures, 1 for the first; `random` is 0.0 to 1.0.
    pub(crate) fn wait(&self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let bound = self.first.saturating_mul(1 << doublings).min(self.longest);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }

    /// How long to wait for what is away.
    pub(crate) fn wait_away(&self, random: f64) -> Duration {
        self.away.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// How long to wait where that was asked for: not less, unless it is longer than the longest wait, and up to a quarter
    /// more.
    pub(crate) fn wait_as_asked(&self, after: Duration, random: f64) -> Duration {
        let after = after.min(self.longest);
        after + after.mul_f64(random.clamp(0.0, 1.0) / 4.0)
    }

    /// No entry is ever meant to wait longer.
    pub(crate) fn most(&self) -> Duration {
        self.away.max(self.longest + self.longest / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let bounds: Vec<u64> = (1..=10).map(|failures| policy.wait(failures, 1.0).as_secs()).collect();
        assert_eq!(bounds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(policy.wait(u32::MAX, 1.0), policy.longest);
        assert_eq!(policy.wait(3, 0.0), Duration::ZERO);
        assert_eq!(policy.wait(3, 0.25).as_secs(), 2);
    }

    #[test]
    fn who_is_asked_to_wait_waits_that_long_and_a_little() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_secs(8);
        assert_eq!(policy.wait_as_asked(asked, 0.0), asked);
        assert_eq!(policy.wait_as_asked(asked, 1.0).as_secs(), 10);
        assert_eq!(policy.wait_as_asked(Duration::from_secs(86_400), 0.0), policy.longest);
        assert_eq!(policy.wait_as_asked(Duration::from_secs(86_400), 1.0), policy.most());
        assert_eq!((policy.wait_away(0.0).as_millis(), policy.wait_away(1.0).as_millis()), (2_500, 5_000));
    }
}
