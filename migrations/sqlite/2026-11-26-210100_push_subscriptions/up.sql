-- Where a client wants to be told of notifications: one a token, and it ends with it.
CREATE TABLE push_subscriptions (
    -- A small number: clients read it into 32 bits.
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    token_id BIGINT NOT NULL UNIQUE REFERENCES tokens ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    -- The client's public key (an uncompressed point) and its secret.
    p256dh BLOB NOT NULL,
    auth BLOB NOT NULL,
    -- Encrypts as the standard says; else as its draft.
    standard BOOLEAN NOT NULL DEFAULT false,
    -- A bit for each kind of notification.
    alerts BIGINT NOT NULL DEFAULT 0,
    -- 0 all, 1 followed, 2 follower, 3 none
    policy SMALLINT NOT NULL DEFAULT 0,
    -- The token itself, sealed: clients know by it whom a message is for.
    token_sealed BLOB NOT NULL,
    -- The push service refused: nothing is sent before this.
    parked_until BIGINT,
    -- How often in a row it did.
    failures BIGINT NOT NULL DEFAULT 0,
    -- What was sent in this hour (since 1970).
    hour BIGINT NOT NULL DEFAULT 0,
    sent BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_account ON push_subscriptions(account_id);
