-- People whose e-mail address waits to be confirmed. `admit`: they may sign in as soon as it is.
CREATE TABLE email_confirmations (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    admit BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX email_confirmations_created ON email_confirmations(created_at);
