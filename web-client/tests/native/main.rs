//! The native driver and the command, against an API and a store that misbehave on demand.

mod command;
mod fake;
mod uploads;
