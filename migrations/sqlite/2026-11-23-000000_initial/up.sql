-- One person, group, service or program, here or elsewhere. `domain` is null for accounts of this node.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY NOT NULL,
    handle TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    domain TEXT,
    uri TEXT NOT NULL UNIQUE,
    url TEXT,
    kind SMALLINT NOT NULL DEFAULT 0,
    display_name TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    note_source TEXT,
    fields TEXT NOT NULL DEFAULT '[]',
    emojis TEXT NOT NULL DEFAULT '[]',
    avatar TEXT,
    avatar_remote_url TEXT,
    avatar_description TEXT NOT NULL DEFAULT '',
    header TEXT,
    header_remote_url TEXT,
    header_description TEXT NOT NULL DEFAULT '',
    locked BOOLEAN NOT NULL DEFAULT false,
    discoverable BOOLEAN NOT NULL DEFAULT false,
    indexable BOOLEAN NOT NULL DEFAULT false,
    hide_collections BOOLEAN NOT NULL DEFAULT false,
    memorial BOOLEAN NOT NULL DEFAULT false,
    inbox_url TEXT,
    shared_inbox_url TEXT,
    outbox_url TEXT,
    followers_url TEXT,
    following_url TEXT,
    featured_url TEXT,
    public_key_id TEXT,
    public_key BLOB,
    ed25519_key_id TEXT,
    ed25519_key BLOB,
    also_known_as TEXT NOT NULL DEFAULT '[]',
    moved_to_id BIGINT,
    move_processed_at BIGINT,
    posts_count BIGINT NOT NULL DEFAULT 0,
    followers_count BIGINT NOT NULL DEFAULT 0,
    following_count BIGINT NOT NULL DEFAULT 0,
    last_post_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    fetched_at BIGINT,
    suspended_at BIGINT,
    suspended_by_origin BOOLEAN NOT NULL DEFAULT false,
    silenced_at BIGINT,
    deleted_at BIGINT,
    attribution_domains TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX accounts_public_key ON accounts(public_key_id) where public_key_id is not null;
CREATE INDEX accounts_ed25519_key ON accounts(ed25519_key_id) where ed25519_key_id is not null;
CREATE INDEX accounts_domain ON accounts(domain) where domain is not null;
CREATE INDEX accounts_local ON accounts(id) where domain is null;

-- What only people who sign in here have.
CREATE TABLE users (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    email TEXT,
    email_normal TEXT,
    password_hash TEXT,
    role SMALLINT NOT NULL DEFAULT 0,
    locale TEXT,
    approved_at BIGINT,
    confirmed_at BIGINT,
    disabled_at BIGINT,
    invite_id BIGINT,
    sign_up_reason TEXT,
    default_visibility SMALLINT NOT NULL DEFAULT 0,
    default_sensitive BOOLEAN NOT NULL DEFAULT false,
    default_language TEXT,
    default_quote_policy SMALLINT NOT NULL DEFAULT 0,
    last_active_at BIGINT,
    password_changed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users(email_normal) where email_normal is not null;

-- Private keys of local actors, sealed with data/secret.key (OPS-04).
CREATE TABLE actor_keys (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    rsa_sealed BLOB NOT NULL,
    ed25519_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- Names once used by a person here; never given to another.
CREATE TABLE retired_usernames (
    username TEXT PRIMARY KEY NOT NULL,
    retired_at BIGINT NOT NULL
);

-- Facts about this node: domain, public_url, setup token, VAPID key.
CREATE TABLE node_settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    user_agent TEXT,
    address TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions(account_id);

CREATE TABLE invites (
    id INTEGER PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    created_by BIGINT,
    role SMALLINT NOT NULL DEFAULT 0,
    max_uses BIGINT,
    uses BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE apps (
    id INTEGER PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    client_secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    website TEXT,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE TABLE oauth_codes (
    code_hash BLOB PRIMARY KEY NOT NULL,
    app_id BIGINT NOT NULL REFERENCES apps ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    app_id BIGINT NOT NULL REFERENCES apps ON DELETE CASCADE,
    account_id BIGINT REFERENCES accounts ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    code_hash BLOB,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_account ON tokens(account_id) where account_id is not null;
CREATE INDEX tokens_app ON tokens(app_id);

-- Every post, here or elsewhere; a boost is a row with `boost_of_id`.
CREATE TABLE posts (
    id INTEGER PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    url TEXT,
    account_id BIGINT NOT NULL REFERENCES accounts,
    visibility SMALLINT NOT NULL,
    local BOOLEAN NOT NULL,
    listing SMALLINT NOT NULL DEFAULT 0,
    content TEXT NOT NULL DEFAULT '',
    source_text TEXT,
    source_type SMALLINT NOT NULL DEFAULT 0,
    spoiler_text TEXT NOT NULL DEFAULT '',
    sensitive BOOLEAN NOT NULL DEFAULT false,
    language TEXT,
    in_reply_to_id BIGINT,
    in_reply_to_account_id BIGINT,
    in_reply_to_uri TEXT,
    conversation_id BIGINT NOT NULL,
    boost_of_id BIGINT REFERENCES posts ON DELETE CASCADE,
    poll_id BIGINT,
    app_id BIGINT,
    media_ids TEXT NOT NULL DEFAULT '[]',
    emojis TEXT NOT NULL DEFAULT '[]',
    replies_count BIGINT NOT NULL DEFAULT 0,
    boosts_count BIGINT NOT NULL DEFAULT 0,
    favourites_count BIGINT NOT NULL DEFAULT 0,
    remote_boosts_count BIGINT NOT NULL DEFAULT 0,
    remote_favourites_count BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    fetched_at BIGINT,
    group_id BIGINT
);
CREATE INDEX posts_account ON posts(account_id, id);
CREATE INDEX posts_conversation ON posts(conversation_id, id);
CREATE INDEX posts_parent ON posts(in_reply_to_id) where in_reply_to_id is not null;
CREATE INDEX posts_orphans ON posts(in_reply_to_uri) where in_reply_to_uri is not null;
CREATE UNIQUE INDEX posts_boost ON posts(boost_of_id, account_id) where boost_of_id is not null;
CREATE INDEX posts_public ON posts(id) where listing > 0;
CREATE INDEX posts_local ON posts(id) where listing = 2;
CREATE INDEX posts_media ON posts(account_id, id) where media_ids <> '[]';

CREATE TABLE post_edits (
    id INTEGER PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    content TEXT NOT NULL,
    source_text TEXT,
    spoiler_text TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    media TEXT NOT NULL DEFAULT '[]',
    poll_options TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX post_edits_post ON post_edits(post_id, id);

-- Who is addressed. `silent`: addressed without being mentioned (no notification).
CREATE TABLE mentions (
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    silent BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (post_id, account_id)
) WITHOUT ROWID;
CREATE INDEX mentions_account ON mentions(account_id, post_id);

CREATE TABLE tags (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    display TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE post_tags (
    tag_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    PRIMARY KEY (tag_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_tags_post ON post_tags(post_id);

CREATE TABLE followed_tags (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    tag_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX followed_tags_pair ON followed_tags(account_id, tag_id);
CREATE INDEX followed_tags_tag ON followed_tags(tag_id);

CREATE TABLE featured_tags (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    tag_id BIGINT NOT NULL,
    posts_count BIGINT NOT NULL DEFAULT 0,
    last_post_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX featured_tags_pair ON featured_tags(account_id, tag_id);

CREATE TABLE media (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT,
    position SMALLINT NOT NULL DEFAULT 0,
    kind SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    mime TEXT,
    file TEXT,
    thumbnail TEXT,
    remote_url TEXT,
    remote_thumbnail_url TEXT,
    size BIGINT NOT NULL DEFAULT 0,
    description TEXT,
    blurhash TEXT,
    focus_x DOUBLE,
    focus_y DOUBLE,
    width BIGINT,
    height BIGINT,
    small_width BIGINT,
    small_height BIGINT,
    duration_ms BIGINT,
    cached_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX media_post ON media(post_id) where post_id is not null;
CREATE INDEX media_unattached ON media(created_at) where post_id is null;

CREATE TABLE polls (
    id INTEGER PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL UNIQUE REFERENCES posts ON DELETE CASCADE,
    multiple BOOLEAN NOT NULL,
    hide_totals BOOLEAN NOT NULL DEFAULT false,
    expires_at BIGINT,
    closed_at BIGINT,
    voters_count BIGINT,
    fetched_at BIGINT,
    update_due_at BIGINT
);
CREATE INDEX polls_expiring ON polls(expires_at) where closed_at is null;

CREATE TABLE poll_options (
    poll_id BIGINT NOT NULL REFERENCES polls ON DELETE CASCADE,
    position SMALLINT NOT NULL,
    title TEXT NOT NULL,
    votes_count BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (poll_id, position)
) WITHOUT ROWID;

CREATE TABLE poll_votes (
    poll_id BIGINT NOT NULL REFERENCES polls ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    choice SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (poll_id, account_id, choice)
) WITHOUT ROWID;

CREATE TABLE favourites (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    uri TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX favourites_pair ON favourites(post_id, account_id);
CREATE INDEX favourites_account ON favourites(account_id, id);
CREATE INDEX favourites_uri ON favourites(uri) where uri is not null;

CREATE TABLE bookmarks (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bookmarks_pair ON bookmarks(post_id, account_id);
CREATE INDEX bookmarks_account ON bookmarks(account_id, id);

CREATE TABLE pins (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX pins_pair ON pins(account_id, post_id);
CREATE INDEX pins_post ON pins(post_id);

CREATE TABLE conversation_mutes (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversation_mutes_pair ON conversation_mutes(account_id, conversation_id);

-- Follow requests (state 0) and follows (state 1).
CREATE TABLE follows (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    state SMALLINT NOT NULL,
    uri TEXT,
    show_boosts BOOLEAN NOT NULL DEFAULT true,
    notify BOOLEAN NOT NULL DEFAULT false,
    languages TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX follows_pair ON follows(account_id, target_id);
CREATE INDEX follows_target ON follows(target_id, state, id);
CREATE INDEX follows_account ON follows(account_id, state, id);
CREATE INDEX follows_uri ON follows(uri) where uri is not null;

CREATE TABLE blocks (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    uri TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX blocks_pair ON blocks(account_id, target_id);
CREATE INDEX blocks_target ON blocks(target_id, account_id);

CREATE TABLE mutes (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    hide_notifications BOOLEAN NOT NULL DEFAULT true,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX mutes_pair ON mutes(account_id, target_id);
CREATE INDEX mutes_target ON mutes(target_id);

-- A person's private remark about another.
CREATE TABLE account_notes (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    comment TEXT NOT NULL,
    PRIMARY KEY (account_id, target_id)
) WITHOUT ROWID;

CREATE TABLE lists (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    title TEXT NOT NULL,
    replies_policy SMALLINT NOT NULL DEFAULT 0,
    exclusive BOOLEAN NOT NULL DEFAULT false,
    created_at BIGINT NOT NULL
);
CREATE INDEX lists_account ON lists(account_id, id);

CREATE TABLE list_members (
    list_id BIGINT NOT NULL REFERENCES lists ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    PRIMARY KEY (list_id, account_id)
) WITHOUT ROWID;
CREATE INDEX list_members_account ON list_members(account_id);

-- Home timelines, written with the post. A missing post is skipped when read.
CREATE TABLE home_entries (
    account_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, post_id)
) WITHOUT ROWID;

-- Direct messages grouped for one reader.
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL,
    last_post_id BIGINT NOT NULL,
    unread BOOLEAN NOT NULL DEFAULT true,
    hidden BOOLEAN NOT NULL DEFAULT false,
    participants TEXT NOT NULL DEFAULT '[]',
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_pair ON conversations(account_id, conversation_id);
CREATE INDEX conversations_recent ON conversations(account_id, last_post_id);

CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind SMALLINT NOT NULL,
    from_account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT REFERENCES posts ON DELETE CASCADE,
    report_id BIGINT,
    group_key TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX notifications_account ON notifications(account_id, id);
CREATE INDEX notifications_post ON notifications(post_id) where post_id is not null;
CREATE INDEX notifications_from ON notifications(from_account_id);

CREATE TABLE markers (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    timeline TEXT NOT NULL,
    last_read_id BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, timeline)
) WITHOUT ROWID;

CREATE TABLE filters (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    title TEXT NOT NULL,
    contexts SMALLINT NOT NULL,
    action SMALLINT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX filters_account ON filters(account_id);

CREATE TABLE filter_keywords (
    id INTEGER PRIMARY KEY NOT NULL,
    filter_id BIGINT NOT NULL REFERENCES filters ON DELETE CASCADE,
    keyword TEXT NOT NULL,
    whole_word BOOLEAN NOT NULL
);
CREATE INDEX filter_keywords_filter ON filter_keywords(filter_id);

CREATE TABLE filter_posts (
    id INTEGER PRIMARY KEY NOT NULL,
    filter_id BIGINT NOT NULL REFERENCES filters ON DELETE CASCADE,
    post_id BIGINT NOT NULL
);
CREATE UNIQUE INDEX filter_posts_pair ON filter_posts(filter_id, post_id);

CREATE TABLE custom_emojis (
    id INTEGER PRIMARY KEY NOT NULL,
    shortcode TEXT NOT NULL,
    domain TEXT NOT NULL DEFAULT '',
    uri TEXT,
    image_remote_url TEXT,
    file TEXT,
    category TEXT,
    visible_in_picker BOOLEAN NOT NULL DEFAULT true,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_emojis_name ON custom_emojis(domain, shortcode);

CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    request_key TEXT NOT NULL,
    post_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX idempotency_keys_pair ON idempotency_keys(account_id, request_key);
CREATE INDEX idempotency_keys_age ON idempotency_keys(created_at);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    uri TEXT,
    category SMALLINT NOT NULL DEFAULT 0,
    comment TEXT NOT NULL DEFAULT '',
    post_ids TEXT NOT NULL DEFAULT '[]',
    rule_ids TEXT NOT NULL DEFAULT '[]',
    forwarded BOOLEAN NOT NULL DEFAULT false,
    from_host TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by BIGINT
);
CREATE INDEX reports_open ON reports(id) where closed_at is null;

-- Append-only: what staff did (OPS-02).
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    actor_id BIGINT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_log_at ON audit_log(at);

-- What is known of each other server, by authority (host, with the port when it is not the default one).
CREATE TABLE hosts (
    host TEXT PRIMARY KEY NOT NULL,
    state SMALLINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    first_failure_at BIGINT,
    next_attempt_at BIGINT,
    last_success_at BIGINT,
    signature_scheme SMALLINT NOT NULL DEFAULT 0,
    scheme_learned_at BIGINT,
    software TEXT,
    created_at BIGINT NOT NULL
);

-- Peer entries added by command (those of the settings file are not stored).
CREATE TABLE peers (
    domain TEXT PRIMARY KEY NOT NULL,
    addresses TEXT NOT NULL DEFAULT '[]',
    port BIGINT,
    scheme TEXT,
    ca_pem TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE domain_blocks (
    domain TEXT PRIMARY KEY NOT NULL,
    severity SMALLINT NOT NULL DEFAULT 0,
    reject_media BOOLEAN NOT NULL DEFAULT false,
    reject_reports BOOLEAN NOT NULL DEFAULT false,
    comment TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

-- Outgoing activities, rendered and ready to sign; pruned when every delivery is done.
CREATE TABLE activities (
    id INTEGER PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    account_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    object_uri TEXT,
    post_id BIGINT,
    json TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY NOT NULL,
    activity_id BIGINT NOT NULL REFERENCES activities ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    inbox TEXT NOT NULL,
    durable BOOLEAN NOT NULL DEFAULT false,
    attempts BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    parked_at BIGINT,
    last_error TEXT
);
CREATE INDEX deliveries_host ON deliveries(host, id) where parked_at is null;
CREATE INDEX deliveries_activity ON deliveries(activity_id);

-- Accepted and not yet processed: what needs the network first.
CREATE TABLE inbox_items (
    id INTEGER PRIMARY KEY NOT NULL,
    activity_uri TEXT,
    account_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    recipient_id BIGINT,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    run_at BIGINT NOT NULL,
    locked_until BIGINT,
    parked_at BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX inbox_items_ready ON inbox_items(run_at) where parked_at is null;

-- SHA-256 (first 16 bytes) of activity ids already taken in; kept 30 days (SIG-18).
CREATE TABLE seen_activities (
    hash BLOB NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (hash)
) WITHOUT ROWID;
CREATE INDEX seen_activities_age ON seen_activities(seen_at);

-- Ids that are gone, or whose Delete or Undo came before them (DEL-03); `expires_at` null: for good.
CREATE TABLE tombstones (
    uri TEXT NOT NULL,
    actor_uri TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (uri)
) WITHOUT ROWID;
CREATE INDEX tombstones_age ON tombstones(expires_at) where expires_at is not null;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY NOT NULL,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    unique_key TEXT,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT,
    last_error TEXT,
    buried_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs_key ON jobs(unique_key) where unique_key is not null;
CREATE INDEX jobs_ready ON jobs(queue, run_at) where buried_at is null;

-- Full text. Contentless: only the index is stored, the row id is the id of the post or account.
CREATE VIRTUAL TABLE posts_fts USING fts5(body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE accounts_fts USING fts5(body, content='', contentless_delete=1, prefix='2 3', tokenize='unicode61 remove_diacritics 2');
