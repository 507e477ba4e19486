-- Who may quote a post, as bits (`domain::quotes::policy`), and how many quotes of it everybody may count. Nobody was ever asked
-- about what stands already: it may be quoted by its author alone.
ALTER TABLE posts ADD COLUMN quote_policy SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN quotes_count BIGINT NOT NULL DEFAULT 0;
-- Which post a post quotes, and whether the author of that one agrees.
CREATE TABLE quotes (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    -- As the quoting post names it; its object id as soon as it is known here.
    quoted_uri TEXT NOT NULL,
    quoted_id BIGINT REFERENCES posts ON DELETE SET NULL,
    quoted_account_id BIGINT,
    -- 0 pending, 1 accepted, 2 rejected, 3 revoked, 4 deleted
    state SMALLINT NOT NULL,
    -- The QuoteRequest, ours or theirs.
    request_uri TEXT,
    -- The QuoteAuthorization.
    stamp_uri TEXT,
    -- Whether it stands in `posts.quotes_count` of the quoted post.
    counted BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX quotes_quoted ON quotes(quoted_id, post_id) WHERE quoted_id IS NOT NULL;
CREATE INDEX quotes_waiting ON quotes(quoted_uri) WHERE quoted_id IS NULL;
CREATE INDEX quotes_request ON quotes(request_uri) WHERE request_uri IS NOT NULL;
CREATE INDEX quotes_stamp ON quotes(stamp_uri) WHERE stamp_uri IS NOT NULL;
