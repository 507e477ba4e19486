-- Which servers a post was sent to. Many posts go to the same ones, so a set of hosts is stored once; `hosts` is a JSON
-- list. `used_at` is at most a day old while the set is in use.
CREATE TABLE audiences (
    id INTEGER PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    hosts TEXT NOT NULL,
    used_at BIGINT NOT NULL
);
-- One row for each post that left: its Create. An edit that brings new servers has a row of its own.
CREATE TABLE dispatches (
    activity_id INTEGER PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL,
    audience_id BIGINT NOT NULL
);
CREATE INDEX dispatches_edit ON dispatches(post_id) where post_id <> activity_id;
-- Who of them will not get it. A server of the set that stands neither here nor in `deliveries` has the post.
CREATE TABLE misses (
    activity_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (activity_id, host)
) WITHOUT ROWID;
-- When the other server last spoke to us validly.
ALTER TABLE hosts ADD COLUMN last_heard_at BIGINT;
-- When somebody left their organisation, as their own node says: midnight UTC of the last day.
ALTER TABLE accounts ADD COLUMN left_on BIGINT;
-- People of this node who left, and those whose last day is known. `profile_before`: what the profile said (bits: 1 locked,
-- 2 discoverable, 4 indexable); null while the day is still to come.
CREATE TABLE leavers (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    leaves_on BIGINT NOT NULL,
    profile_before SMALLINT
);
