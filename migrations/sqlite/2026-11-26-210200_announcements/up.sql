-- What staff tells everybody of this node.
CREATE TABLE announcements (
    id INTEGER PRIMARY KEY NOT NULL,
    -- As typed.
    text TEXT NOT NULL,
    -- What it is about begins and ends; whole days when all_day is set.
    starts_at BIGINT,
    ends_at BIGINT,
    all_day BOOLEAN NOT NULL DEFAULT false,
    published_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Who has dismissed one.
CREATE TABLE announcement_reads (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    announcement_id BIGINT NOT NULL REFERENCES announcements ON DELETE CASCADE,
    PRIMARY KEY (account_id, announcement_id)
) WITHOUT ROWID;
CREATE INDEX announcement_reads_announcement ON announcement_reads(announcement_id);

-- An emoji, or the short name of one of this node.
CREATE TABLE announcement_reactions (
    id INTEGER PRIMARY KEY NOT NULL,
    announcement_id BIGINT NOT NULL REFERENCES announcements ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL
);
CREATE UNIQUE INDEX announcement_reactions_once ON announcement_reactions(announcement_id, name, account_id);
CREATE INDEX announcement_reactions_account ON announcement_reactions(account_id);
