-- Who of the staff looks into it.
ALTER TABLE reports ADD COLUMN assigned_id BIGINT;
