DROP TABLE leavers;
ALTER TABLE accounts DROP COLUMN left_on;
ALTER TABLE hosts DROP COLUMN last_heard_at;
DROP TABLE misses;
DROP TABLE dispatches;
DROP TABLE audiences;
