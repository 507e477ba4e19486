-- The full text index holds folded words now, and what a post is like: all is put there again, in chunks.
INSERT INTO jobs (id, queue, kind, unique_key, payload, run_at, created_at)
SELECT 220101, 'heavy', 'index_posts', 'index_posts 220100', '{"task":"index_posts","author":null,"after":0}', 0, 0
WHERE EXISTS (SELECT 1 FROM posts);
INSERT INTO jobs (id, queue, kind, unique_key, payload, run_at, created_at)
SELECT 220102, 'heavy', 'index_accounts', 'index_accounts 220100', '{"task":"index_accounts","after":0}', 0, 0
WHERE EXISTS (SELECT 1 FROM accounts);
