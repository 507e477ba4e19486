DROP INDEX notifications_single;
DROP INDEX notifications_groups;
UPDATE notifications SET group_key = null;
