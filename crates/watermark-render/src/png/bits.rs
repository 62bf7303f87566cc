//! Writes bits, the lowest first, and copies them from a stream at any shift.

/// Writes bits, the lowest first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// Behind these bytes.
    pub(super) fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, bits: 0, count: 0 }
    }

    /// At most 48 bits, all others of which must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.bits |= bits << self.count;
        self.count += count;
        if self.count >= 16 {
            self.flush();
        }
    }

    /// Whole bytes go out; fewer than 8 bits stay.
    #[inline(always)]
    fn flush(&mut self) {
        let whole = (self.count / 8) as usize;
        self.bytes.extend_from_slice(&self.bits.to_le_bytes()[..whole.min(8)]);
        self.bits = if whole < 8 { self.bits >> (8 * whole) } else { 0 };
        self.count %= 8;
    }

    /// Zeros up to a byte's end.
    pub(super) fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// Whole bytes, where a byte begins.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.flush();
        self.bytes.extend_from_slice(bytes);
    }

    /// Bits written so far, with those that the writer was made behind.
    pub(super) fn position(&self) -> u64 {
        self.bytes.len() as u64 * 8 + u64::from(self.count)
    }

    /// Makes a bit that was written zero.
    pub(super) fn clear(&mut self, position: u64) {
        let (at, bit) = ((position / 8) as usize, position % 8);
        match self.bytes.get_mut(at) {
            Some(byte) => *byte &= !(1 << bit),
            None => self.bits &= !(1 << (position - self.bytes.len() as u64 * 8)),
        }
    }

    /// Bits of a stream from one to before another.
    pub(super) fn copy(&mut self, stream: &[u8], from: u64, to: u64) {
        let mut left = to.saturating_sub(from);
        let shift = (from % 8) as u32;
        let mut at = (from / 8) as usize;
        // Up to a byte's end of the stream.
        let head = u64::from((8 - shift) % 8).min(left);
        if head > 0 {
            let byte = stream.get(at).copied().unwrap_or(0);
            self.put(u64::from(byte >> shift) & ((1 << head) - 1), head as u32);
            (at, left) = (at + 1, left - head);
        }
        self.flush();
        let whole = (left / 8) as usize;
        let bytes = stream.get(at..at + whole).unwrap_or_default();
        if self.count == 0 {
            self.bytes.extend_from_slice(bytes);
        } else {
            let (eights, rest) = bytes.as_chunks::<8>();
            let (up, down) = (self.count, 64 - self.count);
            let mut carry = self.bits;
            self.bytes.reserve(bytes.len() + 8);
            for eight in eights {
                let value = u64::from_le_bytes(*eight);
                self.bytes.extend_from_slice(&(carry | value << up).to_le_bytes());
                carry = value >> down;
            }
            self.bits = carry;
            rest.iter().for_each(|byte| self.put((*byte).into(), 8));
        }
        let tail = (left % 8) as u32;
        if tail > 0 {
            let byte = stream.get(at + whole).copied().unwrap_or(0);
            self.put(u64::from(byte) & ((1 << tail) - 1), tail);
        }
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits one by one.
    fn bits(bytes: &[u8], from: u64, to: u64) -> Vec<bool> {
        (from..to).map(|at| bytes[(at / 8) as usize] >> (at % 8) & 1 == 1).collect()
    }

    #[test]
    fn bits_are_copied_at_every_shift() {
        let stream: Vec<u8> = (0..40_u32).map(|at| (at * at * 7 + 13) as u8).collect();
        for before in 0..9 {
            for from in 0..18 {
                for to in (from..320).step_by(7).chain(from..from + 9) {
                    let mut writer = BitWriter::default();
                    writer.put((1 << before) - 1, before);
                    writer.copy(&stream, from, to);
                    writer.put(1, 1);
                    assert_eq!(writer.position(), u64::from(before) + to - from + 1);
                    let written = writer.into_bytes();
                    let mut expected = vec![true; before as usize];
                    expected.extend(bits(&stream, from, to));
                    expected.push(true);
                    assert_eq!(bits(&written, 0, expected.len() as u64), expected, "{before} {from} {to}");
                }
            }
        }
    }

    #[test]
    fn a_bit_is_cleared_wherever_it_is() {
        for at in 0..21 {
            let mut writer = BitWriter::default();
            (0..3).for_each(|_| writer.put(0x7f, 7));
            writer.clear(at);
            let written = writer.into_bytes();
            assert!((0..21).all(|bit| (written[bit / 8] >> (bit % 8) & 1 == 0) == (bit as u64 == at)));
        }
    }
}
