-- The full text index says which posts quote another one now: where any does, all are put there again, in chunks.
INSERT INTO jobs (id, queue, kind, unique_key, payload, run_at, created_at)
SELECT 95101, 'heavy', 'index_posts', 'index_posts 095100', '{"task":"index_posts","author":null,"after":0}', 0, 0
WHERE EXISTS (SELECT 1 FROM quotes);
