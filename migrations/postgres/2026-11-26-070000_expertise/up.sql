-- What people say they know and where they work: one row for each person or project of the directory, of this node and of
-- the others. `listed`: 0 organisation, 1 site only, 2 nobody. `version` is the moment of the last change at home;
-- `changed` goes up with every change here, whoever made it. `pushed`: the other nodes were told.
CREATE TABLE expertise (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    title TEXT NOT NULL DEFAULT '',
    department TEXT NOT NULL DEFAULT '',
    site TEXT NOT NULL DEFAULT '',
    time_zone TEXT NOT NULL DEFAULT '',
    languages TEXT NOT NULL DEFAULT '',
    works_on TEXT NOT NULL DEFAULT '[]',
    listed SMALLINT NOT NULL DEFAULT 0,
    left_on TEXT,
    extra TEXT NOT NULL DEFAULT '{}',
    version BIGINT NOT NULL DEFAULT 0,
    changed BIGINT NOT NULL DEFAULT 0,
    pushed BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX expertise_changed ON expertise(changed);

-- `tag` is the normal form, `name` what was typed. `stance`: 0 ask me, 1 knows, 2 learning.
CREATE TABLE skills (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    position BIGINT NOT NULL,
    tag TEXT NOT NULL,
    name TEXT NOT NULL,
    stance SMALLINT NOT NULL,
    PRIMARY KEY (account_id, tag)
);
CREATE INDEX skills_tag ON skills(tag);

-- Answers that their askers accepted, under the tags of the question.
CREATE TABLE accepted_answers (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    post_id BIGINT NOT NULL,
    tag TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, post_id, tag)
);

-- How far the copy of each other node's directory is.
CREATE TABLE directory_copies (
    domain TEXT PRIMARY KEY NOT NULL,
    total BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    complete BOOLEAN NOT NULL DEFAULT false,
    checked_at BIGINT,
    error TEXT
);

INSERT INTO expertise (account_id, version, changed)
SELECT id, updated_at, 1 FROM accounts WHERE domain IS NULL AND kind IN (0, 1, 2) AND deleted_at IS NULL;
