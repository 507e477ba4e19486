-- What somebody thinks of a post, in one emoji.
CREATE TABLE emoji_reactions (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    -- The emoji, or the shortcode of a custom one.
    name TEXT NOT NULL,
    -- Of which server the custom emoji is; empty for this node and for emoji that everybody has.
    domain TEXT NOT NULL DEFAULT '',
    -- The picture of a custom one.
    url TEXT,
    -- The id of the activity.
    uri TEXT,
    -- It went out as a Like with the emoji in it, not as an EmojiReact.
    is_like BOOLEAN NOT NULL DEFAULT false,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX emoji_reactions_once ON emoji_reactions(post_id, account_id, name, domain);
CREATE INDEX emoji_reactions_account ON emoji_reactions(account_id);
CREATE INDEX emoji_reactions_uri ON emoji_reactions(uri) where uri is not null;

-- Whoever reacts is counted among those who like a post; this one stands for their reactions alone.
ALTER TABLE favourites ADD COLUMN implied BOOLEAN NOT NULL DEFAULT false;
