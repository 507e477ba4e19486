-- Posts that stand in the full text index do not say yet who may find them: they are put there again, in chunks.
INSERT INTO jobs (id, queue, kind, unique_key, payload, run_at, created_at)
SELECT 1, 'heavy', 'index_posts', 'index_posts', '{"task":"index_posts","author":null,"after":0}', 0, 0
WHERE EXISTS (SELECT 1 FROM posts);
