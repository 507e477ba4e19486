-- What the concierge offered in a thread, in the order of its numbers (ids of projects), and the draft that the thread is
-- about: the thread is the state of the dialogue.
CREATE TABLE concierge_threads (
    conversation_id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    draft_id BIGINT,
    warned BOOLEAN NOT NULL DEFAULT false,
    offered TEXT NOT NULL DEFAULT '[]',
    changed_at BIGINT NOT NULL
);
CREATE INDEX concierge_threads_account ON concierge_threads(account_id);
CREATE INDEX concierge_threads_changed ON concierge_threads(changed_at);

-- When the last posts of somebody of another node were read, because people here look at the profile.
CREATE TABLE outbox_readings (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    read_at BIGINT NOT NULL
);
