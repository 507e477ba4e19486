-- What staff told somebody of this node about an act on their account. `action`: 0 none, 1 disable, 2 sensitive, 3 silence, 4 suspend;
-- `post_ids` is a JSON array.
CREATE TABLE account_warnings (
    id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    action SMALLINT NOT NULL,
    text TEXT NOT NULL,
    post_ids TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX account_warnings_account ON account_warnings(account_id, id);

-- Follows that somebody of this node lost at once. `kind`: 0 the domain is blocked by staff, 1 by themselves, 2 the account is suspended.
CREATE TABLE severances (
    id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind SMALLINT NOT NULL,
    target_name TEXT NOT NULL,
    followers_count BIGINT NOT NULL,
    following_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX severances_account ON severances(account_id, id);

-- What a notification is about that the node itself causes.
ALTER TABLE notifications ADD COLUMN warning_id BIGINT REFERENCES account_warnings ON DELETE CASCADE;
ALTER TABLE notifications ADD COLUMN severance_id BIGINT REFERENCES severances ON DELETE CASCADE;
CREATE INDEX notifications_warning ON notifications(warning_id) where warning_id is not null;
CREATE INDEX notifications_severance ON notifications(severance_id) where severance_id is not null;
