-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, ids and digests as text, times as milliseconds since
-- 1970 UTC. "TEXT NOT NULL PRIMARY KEY" because SQLite lets NULL into a text primary key.

CREATE TABLE media (
    media_id         TEXT   NOT NULL PRIMARY KEY,
    -- No foreign key: a picture outlives the upload that brought it.
    upload_id        TEXT   NOT NULL UNIQUE,
    tenant_id        TEXT   NOT NULL,
    user_id          TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    file_name        TEXT   NOT NULL,
    content_type     TEXT,
    source_key       TEXT   NOT NULL UNIQUE,
    source_etag      TEXT,
    size_bytes       BIGINT NOT NULL CHECK (size_bytes > 0),
    -- Raised by every job that begins; only the newest one may publish.
    fencing_token    BIGINT NOT NULL DEFAULT 0,
    -- The version that viewers get, 0 for none. A column holds one value, so there is never more than one current
    -- version; the rendition row is written in the same transaction as this number.
    current_version  BIGINT NOT NULL DEFAULT 0,
    failure_code     TEXT,
    failure_message  TEXT,
    created_at_ms    BIGINT NOT NULL,
    uploaded_at_ms   BIGINT,
    last_event_at_ms BIGINT NOT NULL,
    CHECK ((state = 'ready') = (current_version > 0)),
    CHECK ((state = 'failed') = (failure_code IS NOT NULL)),
    CHECK (state IN ('uploading', 'aborted') OR source_etag IS NOT NULL)
);
CREATE INDEX media_of_owner ON media (tenant_id, user_id, created_at_ms, media_id);
CREATE INDEX media_unfinished ON media (last_event_at_ms) WHERE state IN ('uploaded', 'processing');

CREATE TABLE renditions (
    media_id      TEXT   NOT NULL REFERENCES media (media_id),
    version       BIGINT NOT NULL CHECK (version >= 1),
    digest        TEXT   NOT NULL,
    object_key    TEXT   NOT NULL UNIQUE,
    content_type  TEXT   NOT NULL,
    size_bytes    BIGINT NOT NULL,
    width         BIGINT NOT NULL,
    height        BIGINT NOT NULL,
    template      TEXT   NOT NULL,
    render_key    TEXT   NOT NULL,
    job_ms        BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (media_id, version),
    UNIQUE (media_id, render_key)
);

CREATE TABLE uploads (
    upload_id              TEXT   NOT NULL PRIMARY KEY,
    media_id               TEXT   NOT NULL UNIQUE REFERENCES media (media_id),
    tenant_id              TEXT   NOT NULL,
    user_id                TEXT   NOT NULL,
    state                  TEXT   NOT NULL,
    store_upload_id        TEXT   NOT NULL,
    size_bytes             BIGINT NOT NULL,
    part_size_bytes        BIGINT NOT NULL,
    part_count             BIGINT NOT NULL,
    -- The key's digest: callers choose the key, and an index entry must stay short.
    idempotency_key_sha256 TEXT,
    request_digest         TEXT,
    created_at_ms          BIGINT NOT NULL,
    closed_at_ms           BIGINT,
    UNIQUE (tenant_id, user_id, idempotency_key_sha256),
    CHECK ((idempotency_key_sha256 IS NULL) = (request_digest IS NULL)),
    CHECK ((state = 'open') = (closed_at_ms IS NULL))
);
CREATE INDEX uploads_open ON uploads (created_at_ms) WHERE state = 'open';

CREATE TABLE upload_parts (
    upload_id TEXT   NOT NULL REFERENCES uploads (upload_id),
    number    BIGINT NOT NULL CHECK (number BETWEEN 1 AND 10000),
    sha256    TEXT   NOT NULL,
    PRIMARY KEY (upload_id, number)
);

CREATE TABLE outbox (
    event_id        TEXT   NOT NULL PRIMARY KEY,
    topic           TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    envelope        TEXT   NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    published_at_ms BIGINT
);
CREATE INDEX outbox_unpublished ON outbox (created_at_ms, event_id) WHERE published_at_ms IS NULL;
CREATE INDEX outbox_unpublished_subject ON outbox (subject) WHERE published_at_ms IS NULL;
CREATE INDEX outbox_published ON outbox (published_at_ms) WHERE published_at_ms IS NOT NULL;

CREATE TABLE dead_letters (
    dead_letter_id TEXT   NOT NULL PRIMARY KEY,
    event_id       TEXT   NOT NULL UNIQUE,
    topic          TEXT   NOT NULL,
    tenant_id      TEXT,
    media_id       TEXT,
    code           TEXT   NOT NULL,
    message        TEXT   NOT NULL,
    body           TEXT   NOT NULL,
    deliveries     BIGINT NOT NULL,
    created_at_ms  BIGINT NOT NULL
);
CREATE INDEX dead_letters_by_age ON dead_letters (created_at_ms, dead_letter_id);
