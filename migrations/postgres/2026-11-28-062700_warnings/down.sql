DELETE FROM notifications WHERE kind IN (24, 25);
DROP INDEX notifications_severance;
DROP INDEX notifications_warning;
ALTER TABLE notifications DROP COLUMN severance_id;
ALTER TABLE notifications DROP COLUMN warning_id;
DROP TABLE severances;
DROP TABLE account_warnings;
