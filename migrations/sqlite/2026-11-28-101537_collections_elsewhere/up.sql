-- Collections of people of other servers: their ids and pages, and whom their servers list, whether that was looked at or not.
ALTER TABLE collections ADD COLUMN uri TEXT;
ALTER TABLE collections ADD COLUMN url TEXT;
ALTER TABLE collections ADD COLUMN listed TEXT;
CREATE UNIQUE INDEX collections_uri ON collections(uri) WHERE uri IS NOT NULL;
CREATE INDEX collections_url ON collections(url) WHERE url IS NOT NULL;
ALTER TABLE collection_items ADD COLUMN uri TEXT;
ALTER TABLE collection_items ADD COLUMN checked_at BIGINT;
CREATE INDEX collection_items_uri ON collection_items(uri) WHERE uri IS NOT NULL;
-- Where accounts of other servers list theirs, and when somebody here last had them read.
CREATE TABLE collection_readings (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    address TEXT,
    ordered_at BIGINT NOT NULL
);
