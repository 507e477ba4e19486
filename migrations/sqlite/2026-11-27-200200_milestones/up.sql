-- What happens once on a node, and when it did.
CREATE TABLE milestones (
    name TEXT PRIMARY KEY NOT NULL,
    reached_at BIGINT NOT NULL
);
