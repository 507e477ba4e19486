-- What this node counts about itself, by day (since 1970); nobody's name stands with it.
CREATE TABLE counters (
    name TEXT NOT NULL,
    day BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, day)
) WITHOUT ROWID;
