ALTER TABLE inbox_items DROP COLUMN locked_by;
ALTER TABLE jobs DROP COLUMN locked_by;
