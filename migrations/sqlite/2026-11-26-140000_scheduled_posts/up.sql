-- Posts that wait for their time: what was asked for, as JSON.
CREATE TABLE scheduled_posts (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    scheduled_at BIGINT NOT NULL,
    draft TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX scheduled_posts_account ON scheduled_posts(account_id, scheduled_at);

-- The waiting post that a file is kept for.
ALTER TABLE media ADD COLUMN scheduled_id BIGINT REFERENCES scheduled_posts ON DELETE SET NULL;
CREATE INDEX media_scheduled ON media(scheduled_id) where scheduled_id is not null;
