-- Inboxes of others that answer 404 (DLV-04); gone from here as soon as they take something.
CREATE TABLE missing_inboxes (
    inbox TEXT NOT NULL,
    since BIGINT NOT NULL,
    dead_at BIGINT,
    PRIMARY KEY (inbox)
);
-- Whose inbox is it that is gone?
CREATE INDEX accounts_inbox ON accounts(inbox_url) where inbox_url is not null;
-- The share of a host in the queue (LIM-03).
CREATE INDEX inbox_items_host ON inbox_items(host) where parked_at is null;
