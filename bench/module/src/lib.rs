//! A wasm module that measures hashing in the browser, and there checks the reading and writing of JSON.
//!
//! Natively it is only the samples, which a test compares what the browser did with.

#[cfg(target_arch = "wasm32")]
pub mod hashing;
pub mod samples;
#[cfg(target_arch = "wasm32")]
pub mod wire;
