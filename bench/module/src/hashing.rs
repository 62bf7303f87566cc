//! Hashing of bytes that lie in the module's memory already; the page holds the watch.

use sealmark_hash::FourLanes;
use sealmark_protocol::{Crc64NvmeHasher, Sha256Digest};
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;

/// As many bytes as a Worker would have of each part at once.
const PIECE: usize = 1 << 20;

/// Four pieces of pseudorandom bytes.
#[wasm_bindgen]
pub struct Bytes([Vec<u8>; 4]);

#[wasm_bindgen]
impl Bytes {
    /// Four pieces of 1 MiB.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "a constructor of JavaScript")]
    pub fn new() -> Self {
        let mut state = 1_u32;
        Self(std::array::from_fn(|_| {
            let byte = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            (0..PIECE).map(byte).collect()
        }))
    }

    /// All four pieces as one message each, `rounds` times over, by the `sha2` crate; the digests in hex.
    pub fn sha2_crate(&self, rounds: u32) -> Vec<String> {
        let digest = |piece: &Vec<u8>| {
            let mut hasher = Sha256::new();
            (0..rounds).for_each(|_| hasher.update(piece));
            hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.0.iter().map(digest).collect()
    }

    /// The same by the crate's release before.
    pub fn sha2_crate_0_10(&self, rounds: u32) -> Vec<String> {
        let digest = |piece: &Vec<u8>| {
            let mut hasher = <sha2_0_10::Sha256 as sha2_0_10::Digest>::new();
            (0..rounds).for_each(|_| sha2_0_10::Digest::update(&mut hasher, piece));
            sha2_0_10::Digest::finalize(hasher).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.0.iter().map(digest).collect()
    }

    /// The same by four lanes.
    pub fn four_lanes(&self, rounds: u32) -> Vec<String> {
        let mut lanes = FourLanes::default();
        (0..rounds).for_each(|_| lanes.update(self.0.each_ref().map(Vec::as_slice)));
        (0..4).map(|lane| Sha256Digest::from_bytes(lanes.finish(lane)).to_hex()).collect()
    }

    /// The same by one lane after another, as for a single part.
    pub fn one_lane(&self, rounds: u32) -> Vec<String> {
        let mut lanes = FourLanes::default();
        for (lane, piece) in self.0.iter().enumerate() {
            let mut pieces: [&[u8]; 4] = [&[]; 4];
            pieces[lane] = piece;
            (0..rounds).for_each(|_| lanes.update(pieces));
        }
        (0..4).map(|lane| Sha256Digest::from_bytes(lanes.finish(lane)).to_hex()).collect()
    }

    /// CRC64NVME of each piece, `rounds` times over.
    pub fn crc64nvme(&self, rounds: u32) -> Vec<String> {
        let crc = |piece: &Vec<u8>| {
            let mut hasher = Crc64NvmeHasher::default();
            (0..rounds).for_each(|_| hasher.update(piece));
            hasher.finish().to_string()
        };
        self.0.iter().map(crc).collect()
    }
}
