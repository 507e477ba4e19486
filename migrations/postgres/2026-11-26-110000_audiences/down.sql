DROP TABLE charter_audiences;
DROP TABLE charter_hosts;
ALTER TABLE users DROP COLUMN default_audience;
ALTER TABLE tombstones DROP COLUMN audience;
ALTER TABLE accounts DROP COLUMN open_posts_count;
DROP INDEX posts_open;
ALTER TABLE posts DROP COLUMN audience;
