-- What the author of a post of another server lets others do to it, where that is not everything to everybody: bits as in
-- `posts.quote_policy`, and the people (JSON, by kind) who are named one by one and need not ask.
CREATE TABLE interaction_policies (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    reply SMALLINT NOT NULL,
    favourite SMALLINT NOT NULL,
    boost SMALLINT NOT NULL,
    people TEXT NOT NULL
);
-- What somebody did, or wants to do, to such a post, and what its author says: of people here what they asked for, of others
-- answers that name an authorisation.
CREATE TABLE interactions (
    id BIGINT PRIMARY KEY NOT NULL,
    -- 0 reply, 1 favourite, 2 boost
    kind SMALLINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    -- The reply, or the boost once it is there.
    post_id BIGINT REFERENCES posts ON DELETE CASCADE,
    -- The id of the reply, Like or Announce.
    uri TEXT NOT NULL,
    -- How visible the reply or boost shall be.
    visibility SMALLINT NOT NULL,
    -- 0 pending, 1 accepted, 2 rejected
    state SMALLINT NOT NULL,
    stamp_uri TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX interactions_uri ON interactions(uri);
CREATE INDEX interactions_target ON interactions(target_id, account_id);
CREATE INDEX interactions_account ON interactions(account_id);
CREATE INDEX interactions_post ON interactions(post_id) WHERE post_id IS NOT NULL;
