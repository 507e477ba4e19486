ALTER TABLE severances DROP COLUMN purged;
DROP TABLE severed_follows;
