//! The event bus on real Redis: what is delivered, acknowledged, claimed and buried, whatever breaks meanwhile.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "event_bus/bench.rs"]
mod bench;
#[path = "event_bus/claiming.rs"]
mod claiming;
#[path = "event_bus/dead_letters.rs"]
mod dead_letters;
#[path = "event_bus/delivering.rs"]
mod delivering;
#[path = "event_bus/outages.rs"]
mod outages;
#[path = "event_bus/publishing.rs"]
mod publishing;
#[path = "event_bus/retrying.rs"]
mod retrying;
