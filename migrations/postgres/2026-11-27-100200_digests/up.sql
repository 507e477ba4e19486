-- Who of this node gets a letter of the concierge once a week, and when the next one is due.
CREATE TABLE digests (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    due_at BIGINT NOT NULL
);
