-- For whom a post is: 0 this site, 1 the organisation, 2 everybody. What is there already was written for everybody.
ALTER TABLE posts ADD COLUMN audience SMALLINT NOT NULL DEFAULT 2;
CREATE INDEX posts_open ON posts(id) where listing > 0 and audience = 2;
-- Of `posts_count` those that are for everybody: what strangers are told of people of this node.
ALTER TABLE accounts ADD COLUMN open_posts_count BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET open_posts_count = posts_count WHERE domain IS NULL;
-- Who is told that a post was there and is gone.
ALTER TABLE tombstones ADD COLUMN audience SMALLINT NOT NULL DEFAULT 2;
-- What somebody's posts start with; null: as the charter says.
ALTER TABLE users ADD COLUMN default_audience SMALLINT;
-- Where posts for the organisation may go, as the charter in force says: scheme, host and port. `tells`: the server says of each
-- post for whom it is.
CREATE TABLE charter_hosts (
    authority TEXT PRIMARY KEY NOT NULL,
    tells BOOLEAN NOT NULL
);
-- What the charter in force says about audiences: one row while there is one.
CREATE TABLE charter_audiences (
    hash TEXT PRIMARY KEY NOT NULL,
    organisation TEXT NOT NULL,
    default_audience SMALLINT NOT NULL,
    open_allowed BOOLEAN NOT NULL
);
