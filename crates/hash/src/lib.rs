//! The loops that touch every byte: SHA-256 of up to four messages at once, and CRC64NVME.
//!
//! A crate of its own, for these few functions are built for speed in a browser module that is built for size.
//!
//! *Invariant:* pure, and depends on nothing.

pub mod crc64nvme;
mod lanes;
mod rounds;
mod word;

pub use self::lanes::{FourLanes, sha256};
