//! Pictures: their records, their live news, their bytes.

pub(crate) mod all_events;
pub(crate) mod content;
pub(crate) mod events;
pub(crate) mod record;
