-- The asker's node has an answer to a question of another node: it is open no longer, although the answer never came here.
ALTER TABLE questions ADD COLUMN answered_elsewhere BOOLEAN NOT NULL DEFAULT false;

-- When somebody said that they are the wrong one to ask, and whether somebody else was asked for it.
ALTER TABLE question_people ADD COLUMN declined_at BIGINT;
ALTER TABLE question_people ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT false;

-- Whether an accepted answer of this node still holds: its author is asked once a year, by a letter of the concierge.
CREATE TABLE answer_reviews (
    answer_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    letter_id BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    holds BOOLEAN,
    said_at BIGINT
);
CREATE INDEX answer_reviews_letter ON answer_reviews(letter_id);

-- Letters of the concierge that propose a pair of tags as an alias.
CREATE TABLE alias_letters (
    post_id INTEGER PRIMARY KEY NOT NULL REFERENCES posts ON DELETE CASCADE,
    asked TEXT NOT NULL,
    listed TEXT NOT NULL
);
-- Pairs that were proposed: once each.
CREATE TABLE alias_proposals (
    asked TEXT NOT NULL,
    listed TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    PRIMARY KEY (asked, listed)
);
