-- Staff marks everything that somebody posts as sensitive.
ALTER TABLE accounts ADD COLUMN sensitized_at BIGINT;

-- Addresses that may not come in, or not sign up. `severity`: 0 sign-up needs approval, 1 no sign-up, 2 no access.
CREATE TABLE ip_blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    range TEXT NOT NULL UNIQUE,
    severity SMALLINT NOT NULL,
    comment TEXT NOT NULL DEFAULT '',
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Domains of mail addresses that nobody signs up with. `approval`: they do, but have to be approved.
CREATE TABLE email_domain_blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    domain TEXT NOT NULL UNIQUE,
    approval BOOLEAN NOT NULL DEFAULT false,
    created_at BIGINT NOT NULL
);

-- Mail addresses that nobody signs up with: SHA-256 of their canonical form, in hexadecimal digits.
CREATE TABLE email_blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- What staff decided about a hashtag.
CREATE TABLE tag_rules (
    tag_id BIGINT PRIMARY KEY NOT NULL,
    usable BOOLEAN NOT NULL DEFAULT true,
    trendable BOOLEAN NOT NULL DEFAULT true,
    listable BOOLEAN NOT NULL DEFAULT true,
    reviewed_at BIGINT
);

-- What staff decided about what trends. `kind`: 0 post, 1 page (a card), 2 publisher (a host).
CREATE TABLE trend_rules (
    kind SMALLINT NOT NULL,
    subject TEXT NOT NULL,
    allowed BOOLEAN NOT NULL,
    reviewed_at BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
