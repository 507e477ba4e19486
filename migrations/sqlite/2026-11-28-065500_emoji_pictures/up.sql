-- The addresses of pictures of custom emoji of other servers, as they came with posts, profiles and reactions. `seal` stands for one in
-- the address under which this node hands the picture out; `told_by` is the server that told of it first; `file` is our copy.
CREATE TABLE emoji_pictures (
    seal TEXT PRIMARY KEY NOT NULL,
    url TEXT NOT NULL,
    told_by TEXT NOT NULL,
    file TEXT,
    cached_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX emoji_pictures_told ON emoji_pictures(told_by, created_at);
CREATE INDEX emoji_pictures_cached ON emoji_pictures(cached_at) WHERE cached_at IS NOT NULL;
CREATE INDEX emoji_pictures_file ON emoji_pictures(file) WHERE file IS NOT NULL;
