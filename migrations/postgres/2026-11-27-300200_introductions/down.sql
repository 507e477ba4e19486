ALTER TABLE concierge_threads DROP COLUMN people;
DROP TABLE introductions;
