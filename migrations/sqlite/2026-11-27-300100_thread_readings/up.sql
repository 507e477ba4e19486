-- When the rest of a thread of another server was read last, because somebody here looked at one of its posts.
CREATE TABLE thread_readings (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    read_at BIGINT NOT NULL
);
