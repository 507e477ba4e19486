ALTER TABLE reports DROP COLUMN assigned_id;
