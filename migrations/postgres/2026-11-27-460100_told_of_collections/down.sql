ALTER TABLE reports DROP COLUMN collection_ids;
DROP INDEX notifications_collection;
ALTER TABLE notifications DROP COLUMN collection_id;
