-- What is known of a page that posts link to. A page is read once for all posts; what the server of a post says about a page
-- counts for posts from there only, so it stands in a row of its own (told_by: its domain; empty for what this node read).
CREATE TABLE cards (
    id INTEGER PRIMARY KEY NOT NULL,
    url TEXT NOT NULL,
    told_by TEXT NOT NULL DEFAULT '',
    -- The address that the page itself says it has; the same for several spellings of it.
    page TEXT NOT NULL,
    -- 0 told or waiting, 1 read, 2 failed
    state SMALLINT NOT NULL DEFAULT 0,
    -- 0 link, 1 photo
    kind SMALLINT NOT NULL DEFAULT 0,
    title TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    author_name TEXT NOT NULL DEFAULT '',
    author_url TEXT NOT NULL DEFAULT '',
    provider_name TEXT NOT NULL DEFAULT '',
    provider_url TEXT NOT NULL DEFAULT '',
    creator_id BIGINT REFERENCES accounts ON DELETE SET NULL,
    image_remote_url TEXT,
    image_description TEXT NOT NULL DEFAULT '',
    image TEXT,
    width BIGINT,
    height BIGINT,
    blurhash TEXT,
    language TEXT,
    published_at BIGINT,
    fetched_at BIGINT,
    tried_at BIGINT,
    cached_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (url, told_by)
);
CREATE INDEX cards_page ON cards(page);
CREATE INDEX cards_creator ON cards(creator_id) WHERE creator_id IS NOT NULL;
CREATE INDEX cards_cached ON cards(cached_at) WHERE cached_at IS NOT NULL;
CREATE INDEX cards_image ON cards(image) WHERE image IS NOT NULL;

-- The card of a post.
CREATE TABLE post_cards (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    card_id BIGINT NOT NULL REFERENCES cards ON DELETE CASCADE
);
CREATE INDEX post_cards_card ON post_cards(card_id, post_id);
