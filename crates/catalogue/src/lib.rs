//! Uploads, media, renditions and the outbox, in SQLite or PostgreSQL.
