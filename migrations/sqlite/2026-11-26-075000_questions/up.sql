-- Questions to the network, of this node and of the others. `state`: 0 open, 1 answered, 2 closed. `step`: how far up the
-- ladder the next look is. `answers` counts replies of other people. `desk`: the staff of the asker's node was told.
CREATE TABLE questions (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    local BOOLEAN NOT NULL,
    state SMALLINT NOT NULL DEFAULT 0,
    step SMALLINT NOT NULL DEFAULT 0,
    answers BIGINT NOT NULL DEFAULT 0,
    desk BOOLEAN NOT NULL DEFAULT false,
    answer_id BIGINT,
    answer_uri TEXT,
    answered_by BIGINT,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX questions_state ON questions(state, post_id);
CREATE INDEX questions_answer ON questions(answer_id) WHERE answer_id IS NOT NULL;

-- Whom this node asked; nobody twice.
CREATE TABLE question_people (
    question_id BIGINT NOT NULL REFERENCES questions ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    step SMALLINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (question_id, account_id)
) WITHOUT ROWID;

-- Posts by which a concierge, ours or another node's, asks people.
CREATE TABLE question_routes (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE
);

-- Who of this node was told of a question by a concierge: what the cap counts.
CREATE TABLE question_tellings (
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    told_at BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, told_at, post_id)
) WITHOUT ROWID;

-- How much somebody of this node wants to be asked.
CREATE TABLE question_limits (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    weekly SMALLINT,
    off BOOLEAN NOT NULL DEFAULT false,
    away_until BIGINT
);

-- When the concierge last told somebody of another node that it serves its own.
CREATE TABLE concierge_refusals (
    account_id INTEGER PRIMARY KEY NOT NULL REFERENCES accounts ON DELETE CASCADE,
    told_at BIGINT NOT NULL
);
