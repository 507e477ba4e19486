-- Ideas, of this node and of the others. `state`: 0 new, 1 looking, 2 doing, 3 not now, 4 done. `sentence`: what was said with the
-- last change. `told`: the author knows what will happen. `owned_at`, `decided_at`: the first time.
CREATE TABLE ideas (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    local BOOLEAN NOT NULL,
    state SMALLINT NOT NULL DEFAULT 0,
    owner_id BIGINT,
    sentence TEXT NOT NULL DEFAULT '',
    told BOOLEAN NOT NULL DEFAULT false,
    had_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    owned_at BIGINT,
    decided_at BIGINT
);
CREATE INDEX ideas_state ON ideas(state, post_id);
CREATE INDEX ideas_owner ON ideas(owner_id) WHERE owner_id IS NOT NULL;
