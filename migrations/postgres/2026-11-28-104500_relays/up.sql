-- Relays that are given by the address of their inbox: the Follow that was sent there, and whose actor said yes to it.
CREATE TABLE relays (
    inbox TEXT PRIMARY KEY NOT NULL,
    follow_uri TEXT NOT NULL,
    account_id BIGINT REFERENCES accounts ON DELETE SET NULL,
    refused BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX relays_follow ON relays(follow_uri);
CREATE INDEX relays_account ON relays(account_id);
