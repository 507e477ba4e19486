DROP INDEX notifications_held;
ALTER TABLE notifications DROP COLUMN held;
DROP TABLE notification_permissions;
DROP TABLE notification_requests;
DROP TABLE notification_policies;
