-- The newest other id under which a Like, an EmojiReact or an Announce of another server came once more that stood already: whoever
-- sent it may name either id to take it back. `standing_uri` is the id of the one that stands.
CREATE TABLE repeated_activities (
    standing_uri TEXT PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX repeated_activities_uri ON repeated_activities(uri);
CREATE INDEX repeated_activities_account ON repeated_activities(account_id);
