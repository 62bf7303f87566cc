//! How fast bytes travel, smoothed.

/// Shortest time between two measurements, in milliseconds: sockets take bytes in bursts.
const MEASURE_MS: u64 = 500;
/// Weight of the past: a measurement of this length counts half, in milliseconds.
const MEMORY_MS: f64 = 2_000.0;

/// Speed of the bytes of one upload, from times and counts passed in.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    bytes: u64,
    measured_bytes: u64,
    measured_at_ms: u64,
    bytes_per_s: f64,
}

impl Pace {
    /// Forgets the speed: after a break the old one says nothing.
    pub(super) fn restart(&mut self, now_ms: u64) {
        *self = Self { measured_at_ms: now_ms, ..Self::default() };
    }

    /// Counts bytes that left.
    pub(super) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Measures, where the last measurement is long enough ago.
    pub(super) fn measure(&mut self, now_ms: u64) {
        let elapsed_ms = now_ms.saturating_sub(self.measured_at_ms);
        if elapsed_ms < MEASURE_MS {
            return;
        }
        let elapsed_ms = elapsed_ms as f64;
        let measured = (self.bytes - self.measured_bytes) as f64 * 1_000.0 / elapsed_ms;
        let weight = if self.bytes_per_s == 0.0 { 1.0 } else { elapsed_ms / (elapsed_ms + MEMORY_MS) };
        self.bytes_per_s += (measured - self.bytes_per_s) * weight;
        self.measured_bytes = self.bytes;
        self.measured_at_ms = now_ms;
    }

    /// Bytes a second.
    pub(super) const fn bytes_per_s(&self) -> u64 {
        self.bytes_per_s as u64
    }

    /// Seconds that this many bytes will take, rounded up; `None` while nothing moves.
    pub(super) const fn remaining_s(&self, bytes: u64) -> Option<u64> {
        match self.bytes_per_s() {
            0 => None,
            speed => Some(bytes.div_ceil(speed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_speed_and_a_stall_wears_it_down() {
        let mut pace = Pace::default();
        pace.restart(10_000);
        for step in 1..=40 {
            pace.add(100_000);
            pace.measure(10_000 + step * 100);
        }
        assert_eq!(pace.bytes_per_s(), 1_000_000);
        assert_eq!(pace.remaining_s(2_500_000), Some(3));
        pace.measure(16_000);
        assert!(pace.bytes_per_s() < 700_000);
        pace.restart(20_000);
        assert_eq!(pace.remaining_s(1), None);
    }
}
