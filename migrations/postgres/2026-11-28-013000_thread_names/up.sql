-- What a post of another server calls its thread. Answers from here say the same; nothing is put together by it.
CREATE TABLE thread_names (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    conversation TEXT,
    context TEXT
);
