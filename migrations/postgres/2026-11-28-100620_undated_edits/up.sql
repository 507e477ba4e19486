-- Posts of other servers whose newest change came without a date of its author: `edited_at` says when it arrived.
CREATE TABLE undated_edits (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE
);
