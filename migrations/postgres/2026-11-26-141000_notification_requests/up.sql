-- What somebody wants done with notifications of people they have nothing to do with: 0 accept, 1 filter, 2 drop.
CREATE TABLE notification_policies (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    not_following SMALLINT NOT NULL,
    not_followers SMALLINT NOT NULL,
    new_accounts SMALLINT NOT NULL,
    private_mentions SMALLINT NOT NULL,
    limited_accounts SMALLINT NOT NULL
);

-- Whose mentions were held back, until their reader says what is to become of them.
CREATE TABLE notification_requests (
    id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    from_account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notification_requests_pair ON notification_requests(account_id, from_account_id);
CREATE INDEX notification_requests_from ON notification_requests(from_account_id);

-- Whose notifications are never held back again.
CREATE TABLE notification_permissions (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    from_account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    PRIMARY KEY (account_id, from_account_id)
);
CREATE INDEX notification_permissions_from ON notification_permissions(from_account_id);

ALTER TABLE notifications ADD COLUMN held BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX notifications_held ON notifications(account_id, from_account_id) where held;
