-- Letters by which a concierge, ours or another node's, introduces two people: the first wanted it, and may
-- not be known here yet. `told`: the other one, of this node, heard of it.
CREATE TABLE introductions (
    letter_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    asker_id BIGINT REFERENCES accounts ON DELETE CASCADE,
    other_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    told BOOLEAN NOT NULL DEFAULT false,
    made_at BIGINT NOT NULL
);
CREATE INDEX introductions_asker ON introductions(asker_id, made_at);
CREATE INDEX introductions_other ON introductions(other_id, made_at);

-- The people who have a number in a thread with the concierge.
ALTER TABLE concierge_threads ADD COLUMN people TEXT NOT NULL DEFAULT '[]';
