-- Whom somebody recommends on their profile, of those whom they follow.
CREATE TABLE endorsements (
    id BIGINT PRIMARY KEY NOT NULL,
    follow_id BIGINT NOT NULL REFERENCES follows ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX endorsements_follow ON endorsements(follow_id);
