-- The collection that a notification is about.
ALTER TABLE notifications ADD COLUMN collection_id BIGINT REFERENCES collections ON DELETE CASCADE;
CREATE INDEX notifications_collection ON notifications(collection_id) where collection_id is not null;
-- Collections that a report names, as a JSON array.
ALTER TABLE reports ADD COLUMN collection_ids TEXT NOT NULL DEFAULT '[]';
