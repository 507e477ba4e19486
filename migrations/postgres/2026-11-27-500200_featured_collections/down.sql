DROP TABLE feature_authorizations;
DROP INDEX collection_items_stamp;
ALTER TABLE collection_items DROP COLUMN stamp_uri;
