//! Consumer groups over Redis Streams: publish once, deliver at least once, claim, dead-letter.
//!
//! *Invariant:* an entry leaves its stream in two ways only, each one atomic call: acknowledged and deleted because the
//! handler is done, or moved to the dead letters and deleted. Everything else leaves it pending: what failed waits for its
//! time and comes again ([`RetryPolicy`]), what a crash or an outage left behind is claimed by some consumer of the
//! group. Delivery is therefore at least once, and a handler must be idempotent.
//!
//! One stream for each topic and lane, at [`Topic::stream_key`](sealmark_protocol::Topic::stream_key); all keys that
//! one call touches share the topic's hash tag. No stream with a consumer group is ever trimmed.
//!
//! Redis may go away at any time: [`Publisher`], [`Consumer`] and [`tail`] reconnect by themselves, and an outage is
//! logged once when it begins and once when it ends.
//!
//! ```no_run
//! use sealmark_event_bus::{Bus, BusConfig, CancellationToken, Consumer, ConsumerConfig, Delivery, HandlerError};
//! use sealmark_protocol::{Lane, MediaUploaded, Topic};
//! # use sealmark_event_bus::DeadLetterSink;
//! # async fn run(sink: impl DeadLetterSink) -> Result<(), sealmark_event_bus::BusError> {
//!
//! let bus = Bus::new(BusConfig::new("redis://127.0.0.1/"))?;
//! let handler = tower::service_fn(|delivery: Delivery| async move {
//!     let uploaded: MediaUploaded = delivery.envelope.payload().map_err(HandlerError::transient)?;
//!     tracing::info!(media.id = %uploaded.media_id, delivery_count = delivery.delivery_count, "a picture came");
//!     Ok(())
//! });
//! let config = ConsumerConfig::new(Topic::MediaUploaded, Lane::Medium, "watermark");
//! let stop = CancellationToken::new();
//! let report = Consumer::new(&bus, config, handler, sink).run(stop).await;
//! assert_eq!(report.abandoned, 0);
//! # Ok(())
//! # }
//! ```

mod connection;
mod consumer;
mod dead_letter;
mod entry;
mod error;
mod group;
mod job;
mod leases;
mod publisher;
mod retry;
mod stats;
mod tail;

pub use connection::{Bus, BusConfig};
pub use consumer::{Consumer, ConsumerConfig, Report};
pub use dead_letter::{DeadLetter, DeadLetterSink, dead_letter_key};
pub use entry::{EntryId, EntryIdError};
pub use error::BusError;
pub use job::{Delivery, HandlerError};
pub use publisher::{Published, Publisher, PublisherConfig};
pub use retry::RetryPolicy;
pub use stats::StreamStats;
pub use tail::tail;
pub use tokio_util::sync::CancellationToken;
