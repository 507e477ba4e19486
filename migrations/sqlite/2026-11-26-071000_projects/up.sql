-- The register of projects: those of this node, drafts among them, and what other nodes tell of theirs. A published
-- project is an account of the same id. `state`: 0 idea, 1 active, 2 paused, 3 done, 4 stopped. `change` goes up with
-- every change of the register, so that whoever keeps a copy of it in memory sees what is new.
CREATE TABLE projects (
    id INTEGER PRIMARY KEY NOT NULL,
    owner_id BIGINT,
    local BOOLEAN NOT NULL,
    uri TEXT UNIQUE,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    tags TEXT NOT NULL DEFAULT '[]',
    state SMALLINT NOT NULL,
    state_since BIGINT NOT NULL,
    state_reason TEXT NOT NULL DEFAULT '',
    lead_uri TEXT,
    looking_for TEXT NOT NULL DEFAULT '[]',
    vendor TEXT NOT NULL DEFAULT '[]',
    links TEXT NOT NULL DEFAULT '[]',
    language TEXT,
    site TEXT NOT NULL DEFAULT '',
    rest TEXT NOT NULL DEFAULT '{}',
    change BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    active_at BIGINT NOT NULL,
    asked_at BIGINT,
    published_at BIGINT,
    removed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX projects_change ON projects(change);
CREATE INDEX projects_owner ON projects(owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX projects_quiet ON projects(active_at) WHERE local;
CREATE INDEX projects_listed ON projects(updated_at, id) WHERE published_at IS NOT NULL AND removed_at IS NULL;

-- Who works on a project. `role`: 0 asked to join, 1 member, 2 moderator, 3 lead.
CREATE TABLE project_members (
    project_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    role SMALLINT NOT NULL,
    uri TEXT,
    message TEXT NOT NULL DEFAULT '',
    told_post_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, account_id)
);
CREATE INDEX project_members_account ON project_members(account_id, role);

-- What a project says about another one. `kind`: 0 related, 1 the same work, 2 takes its place.
CREATE TABLE project_relations (
    project_id BIGINT NOT NULL,
    other_uri TEXT NOT NULL,
    kind SMALLINT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, other_uri)
);
CREATE INDEX project_relations_other ON project_relations(other_uri);

-- Pairs of projects whose leads were introduced, by their ids in order: once for ever.
CREATE TABLE project_pairs (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    introduced_at BIGINT NOT NULL,
    PRIMARY KEY (a, b)
);

-- Posts that a moderator took out of a project: they are not passed on again.
CREATE TABLE project_withdrawn (
    project_id BIGINT NOT NULL,
    post_uri TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, post_uri)
);

-- One row: the number of the last change, and what was measured in the register when it held `size` projects.
CREATE TABLE project_register (
    id SMALLINT PRIMARY KEY NOT NULL,
    change BIGINT NOT NULL,
    size BIGINT NOT NULL DEFAULT 0,
    measured_at BIGINT,
    measured TEXT
);
INSERT INTO project_register (id, change) VALUES (1, 0);
