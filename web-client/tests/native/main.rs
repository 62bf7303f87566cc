//! The native driver and the command, against an API and a store that misbehave on demand.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod command;
mod fake;
mod uploads;
