//! Files as lists of segments or chunks: where metadata stands, and what else is there.

pub(crate) mod apng;
pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod tiff;
pub(crate) mod webp;

/// The payload of a segment or a chunk, and what it is called.
pub(crate) type Part = (Vec<u8>, Vec<u8>);
