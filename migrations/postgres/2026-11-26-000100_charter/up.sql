-- Versions of the organisation's charter that this node knows. `state`: 0 in force, 1 past, 2 overtaken (it lost against
-- another version made from the same predecessor), 3 ended (this node left or was removed).
CREATE TABLE charters (
    hash TEXT PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    state SMALLINT NOT NULL DEFAULT 0,
    issued_here BOOLEAN NOT NULL DEFAULT false,
    learned_from TEXT NOT NULL DEFAULT '',
    adopted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX charters_in_force ON charters(state) where state = 0;

-- Signing keys that are held here, sealed.
CREATE TABLE charter_keys (
    public_key TEXT PRIMARY KEY NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Invitations by the hash of their nonce.
CREATE TABLE charter_invitations (
    nonce_hash TEXT PRIMARY KEY NOT NULL,
    domain TEXT NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_by TEXT
);

-- Changes that wait for a signature, or that lost against another version and must be made again.
CREATE TABLE charter_changes (
    id BIGINT PRIMARY KEY,
    change TEXT NOT NULL,
    lost BOOLEAN NOT NULL DEFAULT false,
    asked_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What is known of the other nodes of the charter: the version they had when they were last heard.
CREATE TABLE charter_peers (
    domain TEXT PRIMARY KEY NOT NULL,
    version BIGINT,
    hash TEXT,
    heard_at BIGINT,
    failed_at BIGINT,
    error TEXT
);
