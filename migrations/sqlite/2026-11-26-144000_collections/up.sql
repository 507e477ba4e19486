-- People whom somebody recommends together, under a name.
CREATE TABLE collections (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    language TEXT,
    sensitive BOOLEAN NOT NULL,
    discoverable BOOLEAN NOT NULL,
    tag TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX collections_account ON collections(account_id, id);

-- Who is in them: 0 accepted, 1 taken out by themselves, and not to be put in again.
CREATE TABLE collection_items (
    id INTEGER PRIMARY KEY NOT NULL,
    collection_id BIGINT NOT NULL REFERENCES collections ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    state SMALLINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX collection_items_pair ON collection_items(collection_id, account_id);
CREATE INDEX collection_items_account ON collection_items(account_id);
