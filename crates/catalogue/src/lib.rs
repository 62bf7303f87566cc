//! Uploads, media, renditions, dead letters and the transactional outbox, in SQLite or PostgreSQL.
//!
//! *Invariant:* the database is the truth for state. Every change that others must hear of writes its outbox row in the
//! same transaction, and every change of a state is one conditional statement, so a repeat or a race changes nothing.
//!
//! One SQL text serves both databases through sqlx's `Any` driver: only `TEXT` and `BIGINT` columns, `$1` placeholders,
//! `ON CONFLICT` and `RETURNING`, which both understand alike. Where they differ (locking of migrations, how a write
//! transaction begins, the settings of a connection) the difference stays in `connect.rs`. Nothing is locked with
//! `SELECT … FOR UPDATE`, which SQLite lacks: a conditional `UPDATE` comes first in its transaction and takes the lock.
//!
//! No clock in here: whoever calls passes the time, in milliseconds since 1970 UTC.

mod challenges;
mod closing;
mod connect;
mod creation;
mod dead_letters;
mod error;
mod jobs;
mod looks;
mod media;
mod outbox;
mod parts;
mod publish;
mod rows;
mod sweep;
mod uploads;

pub use challenges::{KnownContent, NewChallenge};
pub use closing::{Completion, WholeUpload};
pub use connect::Catalogue;
pub use creation::CreateOutcome;
pub use dead_letters::DeadLetter;
pub use error::CatalogueError;
pub use jobs::{FencingToken, Job, JobStart};
pub use looks::DueLook;
pub use media::OwnedMedia;
pub use outbox::{Backlog, OutboxEvent};
pub use publish::{FailOutcome, NewRendition, PublishOutcome};
pub use sweep::StalledMedia;
pub use uploads::{IdempotencyKey, NewUpload, Protocol, Transport, UploadRow};
