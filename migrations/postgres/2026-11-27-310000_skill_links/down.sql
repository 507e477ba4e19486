ALTER TABLE skills DROP COLUMN same_as;
