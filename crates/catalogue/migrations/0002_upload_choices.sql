-- How the bytes of an upload are checked and how they travel, and what is known of content that is already there.

ALTER TABLE uploads ADD COLUMN integrity TEXT NOT NULL DEFAULT 'sha256'
    CHECK (integrity IN ('sha256', 'crc64nvme', 'none'));
-- A form is one object sent by one request: the store then has no multipart upload, and store_upload_id is empty.
ALTER TABLE uploads ADD COLUMN transport TEXT NOT NULL DEFAULT 'multipart' CHECK (transport IN ('multipart', 'form'));
-- SHA-256 over the SHA-256 digests of all parts. Written on completion, and only where the store itself has checked each
-- of them: a row that has it may be copied from.
ALTER TABLE uploads ADD COLUMN content_sha256 TEXT;
CREATE INDEX uploads_by_content ON uploads (tenant_id, content_sha256) WHERE content_sha256 IS NOT NULL;
CREATE INDEX uploads_open_of_owner ON uploads (tenant_id, user_id) WHERE state = 'open';

-- When what came late for an aborted upload was removed, after its last presigned request had expired.
ALTER TABLE uploads ADD COLUMN swept_at_ms BIGINT;
CREATE INDEX uploads_unswept ON uploads (closed_at_ms) WHERE state = 'aborted' AND swept_at_ms IS NULL;
CREATE INDEX media_news_of_owner ON media (tenant_id, user_id, last_event_at_ms);

-- Of the kind that the upload's integrity names.
ALTER TABLE upload_parts RENAME COLUMN sha256 TO checksum;

-- A proof of possession that is awaited: taken, and so deleted, by the first answer.
CREATE TABLE challenges (
    upload_id      TEXT   NOT NULL PRIMARY KEY REFERENCES uploads (upload_id),
    nonce          TEXT   NOT NULL,
    -- JSON, [{"offset", "length"}].
    ranges         TEXT   NOT NULL,
    content_sha256 TEXT   NOT NULL,
    source_key     TEXT   NOT NULL,
    source_etag    TEXT   NOT NULL,
    expires_at_ms  BIGINT NOT NULL
);
CREATE INDEX challenges_by_age ON challenges (expires_at_ms);
