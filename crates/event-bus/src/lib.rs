//! Consumer groups over Redis Streams: publish once, deliver at least once, claim, dead-letter.
