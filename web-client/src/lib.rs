//! Resumable multipart uploads straight into S3, for the browser and native.
//!
//! [`engine`] is one pure state machine; a driver for the browser (a dedicated Worker) and one for native programs do
//! what it says and decide nothing themselves.

pub mod answer;
#[cfg(any(test, target_arch = "wasm32"))]
mod bearer;
#[cfg(target_arch = "wasm32")]
pub mod browser;
mod decimal;
pub mod engine;
pub mod fingerprint;
pub mod fleet;
#[cfg(any(test, target_arch = "wasm32"))]
mod followers;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod news;
pub mod sse;
