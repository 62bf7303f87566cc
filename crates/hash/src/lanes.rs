//! SHA-256 of up to four messages at once, for pages that are not secure and so have no `crypto.subtle`.
//!
//! A word of SHA-256 leaves three quarters of a SIMD register idle; four messages, one in each quarter, fill it.

use crate::{
    rounds::{START, compress},
    word::Four,
};

/// A block in bytes.
const BLOCK: usize = 64;
type Block = [u8; BLOCK];

/// Four messages that are hashed as their bytes come; each may have any length, and end and begin anew at any time.
///
/// It is at its fastest when the pieces of all lanes are of the same length; it holds less than a block of each.
///
/// ```
/// use sealmark_hash::{FourLanes, sha256};
/// let mut lanes = FourLanes::default();
/// lanes.update([b"first", b"second", b"", b""]);
/// lanes.update([b"", b" and more", b"", b""]);
/// assert_eq!(lanes.finish(0), sha256(b"first"));
/// assert_eq!(lanes.finish(1), sha256(b"second and more"));
/// ```
#[derive(Debug, Clone)]
pub struct FourLanes {
    /// Word by word, each of all four lanes.
    state: [[u32; 4]; 8],
    tails: [Tail; 4],
}

/// What a lane has got of a block that is not whole yet.
#[derive(Debug, Clone, Copy)]
struct Tail {
    block: Block,
    /// Bytes of the whole message so far; what is over whole blocks lies in `block`.
    length: u64,
}

impl Tail {
    const EMPTY: Self = Self { block: [0; BLOCK], length: 0 };

    const fn held(&self) -> usize {
        self.length as usize % BLOCK
    }
}

impl Default for FourLanes {
    fn default() -> Self {
        Self { state: START.map(|word| [word; 4]), tails: [Tail::EMPTY; 4] }
    }
}

impl FourLanes {
    /// Takes more bytes of each lane's message; an empty piece leaves its lane as it is.
    pub fn update(&mut self, pieces: [&[u8]; 4]) {
        let mut begun = [Tail::EMPTY.block; 4];
        let mut is_begun = [false; 4];
        let mut rest = pieces;
        for (lane, tail) in self.tails.iter_mut().enumerate() {
            let held = tail.held();
            tail.length += rest[lane].len() as u64;
            if held > 0 {
                let (more, after) = rest[lane].split_at(rest[lane].len().min(BLOCK - held));
                tail.block[held..held + more.len()].copy_from_slice(more);
                rest[lane] = after;
                if held + more.len() == BLOCK {
                    (begun[lane], is_begun[lane]) = (tail.block, true);
                }
            }
        }
        if is_begun != [false; 4] {
            self.take(std::array::from_fn(|lane| &begun[lane..lane + usize::from(is_begun[lane])]));
        }
        let cut = rest.map(|bytes| bytes.as_chunks::<BLOCK>());
        self.take(cut.map(|(blocks, _)| blocks));
        for (lane, (_, over)) in cut.into_iter().enumerate() {
            // Empty too where the piece did not fill the block that was begun.
            self.tails[lane].block[..over.len()].copy_from_slice(over);
        }
    }

    /// The SHA-256 of a lane's message, lane 0 to 3; the lane then begins a new message.
    ///
    /// # Panics
    /// When there is no such lane.
    pub fn finish(&mut self, lane: usize) -> [u8; 32] {
        let Tail { block, length } = self.tails[lane];
        let held = self.tails[lane].held();
        let mut padded = [[0; BLOCK]; 2];
        padded[0][..held].copy_from_slice(&block[..held]);
        padded[0][held] = 0x80;
        let count = if held < BLOCK - 8 { 1 } else { 2 };
        padded[count - 1][BLOCK - 8..].copy_from_slice(&(8 * length).to_be_bytes());
        let mut state = self.state.map(|word| word[lane]);
        one(&mut state, &padded[..count]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *bytes = word.to_be_bytes();
        }
        for (word, start) in self.state.iter_mut().zip(START) {
            word[lane] = start;
        }
        self.tails[lane] = Tail::EMPTY;
        digest
    }

    /// Takes whole blocks, all lanes side by side as long as at least two of them have any.
    fn take(&mut self, mut blocks: [&[Block]; 4]) {
        loop {
            let left = blocks.map(<[Block]>::len);
            let Some(count) = left.into_iter().filter(|count| *count > 0).min() else { return };
            if left.iter().filter(|count| **count > 0).count() == 1 {
                for (lane, blocks) in blocks.into_iter().enumerate() {
                    let mut state = self.state.map(|word| word[lane]);
                    one(&mut state, blocks);
                    for (word, new) in self.state.iter_mut().zip(state) {
                        word[lane] = new;
                    }
                }
                return;
            }
            let busy = blocks.into_iter().find(|blocks| !blocks.is_empty()).unwrap_or_default();
            // A lane without blocks hashes another's beside it; its own state stays.
            let new = four(self.state, blocks.map(|blocks| if blocks.is_empty() { busy } else { blocks }), count);
            for (word, new) in self.state.iter_mut().zip(new) {
                for lane in (0..4).filter(|lane| left[*lane] > 0) {
                    word[lane] = new[lane];
                }
            }
            blocks = blocks.map(|blocks| blocks.get(count..).unwrap_or_default());
        }
    }
}

/// SHA-256 of bytes that are already in memory.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut lanes = FourLanes::default();
    lanes.update([bytes, &[], &[], &[]]);
    lanes.finish(0)
}

#[inline(never)]
fn one(state: &mut [u32; 8], blocks: &[Block]) {
    for block in blocks {
        let mut words = [0; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        compress(state, words);
    }
}

/// `count` blocks of each lane.
#[inline(never)]
fn four(state: [[u32; 4]; 8], blocks: [&[Block]; 4], count: usize) -> [[u32; 4]; 8] {
    let mut state = state.map(Four::from_lanes);
    let [a, b, c, d] = blocks.map(|blocks| &blocks[..count]);
    for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
        let rows = [a, b, c, d].map(|block| block.as_chunks::<16>().0);
        let mut words = [Four::from_lanes([0; 4]); 16];
        for (quarter, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *words = Four::from_blocks(rows.map(|rows| &rows[quarter]));
        }
        compress(&mut state, words);
    }
    state.map(Four::to_lanes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use sha2::{Digest, Sha256};

    fn reference(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    #[test]
    fn every_length_around_a_block_is_padded_right() {
        let bytes: Vec<u8> = (0..=255).cycle().take(200).collect();
        for length in 0..bytes.len() {
            let mut lanes = FourLanes::default();
            let lengths = [length, 199 - length, length / 2, 0];
            lanes.update(lengths.map(|length| &bytes[..length]));
            for (lane, length) in lengths.into_iter().enumerate() {
                assert_eq!(lanes.finish(lane), reference(&bytes[..length]), "{length} bytes in lane {lane}");
            }
        }
    }

    proptest! {
        #[test]
        fn lanes_of_any_lengths_hash_as_alone_however_the_bytes_come(
            steps in vec(([vec(any::<u8>(), 0..300), vec(any::<u8>(), 0..300), vec(any::<u8>(), 0..300), vec(any::<u8>(), 0..300)],
                proptest::option::of(0..4_usize)), 0..12),
        ) {
            let mut lanes = FourLanes::default();
            let mut messages: [Vec<u8>; 4] = Default::default();
            for (pieces, ending) in steps {
                lanes.update(pieces.each_ref().map(Vec::as_slice));
                for (message, piece) in messages.iter_mut().zip(&pieces) {
                    message.extend(piece);
                }
                if let Some(lane) = ending {
                    prop_assert_eq!(lanes.finish(lane), reference(&std::mem::take(&mut messages[lane])));
                }
            }
            for (lane, message) in messages.iter().enumerate() {
                prop_assert_eq!(lanes.finish(lane), reference(message));
            }
        }
    }
}
