//! presign-api: decides who may upload what, signs, completes, keeps the catalogue, and answers "where is my picture".
//!
//! *Invariant:* file bytes never pass through this service; it only signs, asks the store, and writes records. One
//! exception: of a file that is offered for a copy it reads at most 8 ranges of 4 KiB, to compare them with a proof.

mod app;
mod auth;
mod companion;
mod config;
mod guests;
mod health;
mod hub;
mod idempotency;
mod limits;
mod media;
mod page;
mod problem;
mod relay;
mod request;
mod sweeper;
mod trace;
mod uploads;

pub use app::{App, openapi, router};
pub use auth::{Claims, Tokens};
pub use companion::Arrivals;
pub use config::Config;
pub use relay::Relay;
pub use sweeper::Sweeper;
