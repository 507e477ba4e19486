DROP TABLE quotes;
ALTER TABLE posts DROP COLUMN quotes_count;
ALTER TABLE posts DROP COLUMN quote_policy;
