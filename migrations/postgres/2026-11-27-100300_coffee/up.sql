-- Who is in when pairs for a coffee are made; of people of the other nodes as their node tells it.
ALTER TABLE expertise ADD COLUMN coffee BOOLEAN NOT NULL DEFAULT false;

-- Pairs of a week, by actor ids in order, as this node makes or learns them. `letter_id`: the letter that told both.
CREATE TABLE coffee_pairs (
    week BIGINT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    letter_id BIGINT,
    PRIMARY KEY (week, a, b)
);
CREATE INDEX coffee_pairs_letter ON coffee_pairs(letter_id) WHERE letter_id IS NOT NULL;
