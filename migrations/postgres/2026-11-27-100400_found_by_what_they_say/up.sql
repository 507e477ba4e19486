-- The index of accounts holds what people say of themselves now: all are put there again, in chunks.
INSERT INTO jobs (id, queue, kind, unique_key, payload, run_at, created_at)
SELECT 100401, 'heavy', 'index_accounts', 'index_accounts 100400', '{"task":"index_accounts","after":0}', 0, 0
WHERE EXISTS (SELECT 1 FROM accounts);
