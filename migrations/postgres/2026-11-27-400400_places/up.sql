-- Which of several processes took it (PostgreSQL): when that one is dead, the others need not wait for the lease to end.
ALTER TABLE jobs ADD COLUMN locked_by SMALLINT;
ALTER TABLE inbox_items ADD COLUMN locked_by SMALLINT;
