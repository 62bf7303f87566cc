-- Uploads by the Companion endpoints, whose clients announce no size and say nothing after a form.

-- Which endpoints an upload belongs to. Of one by 'companion' size_bytes is the limit that it was begun under, in media
-- until it is completed, and part_count the most parts that fit into that.
ALTER TABLE uploads ADD COLUMN protocol TEXT NOT NULL DEFAULT 'sealmark'
    CHECK (protocol IN ('sealmark', 'companion'));
-- When the store is asked next whether the object of a form is there; NULL for uploads that their client completes.
ALTER TABLE uploads ADD COLUMN look_at_ms BIGINT;
CREATE INDEX uploads_to_look_at ON uploads (look_at_ms) WHERE state = 'open' AND look_at_ms IS NOT NULL;
