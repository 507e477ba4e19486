-- Who is in a collection: 2 asked, 3 not willing; and what proves that somebody of another server agreed.
ALTER TABLE collection_items ADD COLUMN stamp_uri TEXT;
CREATE INDEX collection_items_stamp ON collection_items(stamp_uri) WHERE stamp_uri IS NOT NULL;
-- People here whom somebody of another server put into a collection, with their consent.
CREATE TABLE feature_authorizations (
    id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    by_account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    collection_uri TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX feature_authorizations_pair ON feature_authorizations(account_id, collection_uri);
CREATE INDEX feature_authorizations_by ON feature_authorizations(by_account_id);
