-- Threads that a group takes no more answers in, by the post that is locked: it and all below it. `group_id` is a project of this node, a
-- group of another server, or an author there who says that a post of theirs takes none. `uri` is the id of the Lock, `by_id` who locked it;
-- none of what a document says.
CREATE TABLE thread_locks (
    group_id BIGINT NOT NULL,
    post_uri TEXT NOT NULL,
    uri TEXT,
    by_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, post_uri)
);
CREATE INDEX thread_locks_post ON thread_locks(post_uri);
CREATE INDEX thread_locks_uri ON thread_locks(uri) WHERE uri IS NOT NULL;
