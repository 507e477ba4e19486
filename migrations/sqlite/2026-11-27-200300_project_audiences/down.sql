ALTER TABLE projects DROP COLUMN audience;
