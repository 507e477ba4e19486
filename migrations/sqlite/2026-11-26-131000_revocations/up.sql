-- Actors whose keys count no more, as the charter in force says. `left_before`, `discoverable`: what the actor's row said until
-- then, null for somebody who was not known; `left_here`: a person of this node who left because of it.
CREATE TABLE revoked_actors (
    uri TEXT PRIMARY KEY NOT NULL,
    revoked_at BIGINT NOT NULL,
    left_before BIGINT,
    discoverable BOOLEAN,
    left_here BOOLEAN NOT NULL DEFAULT false
) WITHOUT ROWID;
