-- Whom it was about when somebody lost follows at once: handles, which stay when the accounts go. `incoming`: they followed. After a
-- time the list goes and what is left is how many there were; of what was before, there was none.
CREATE TABLE severed_follows (
    severance_id BIGINT NOT NULL REFERENCES severances ON DELETE CASCADE,
    incoming BOOLEAN NOT NULL,
    handle TEXT NOT NULL,
    show_boosts BOOLEAN NOT NULL,
    notify BOOLEAN NOT NULL,
    languages TEXT,
    PRIMARY KEY (severance_id, incoming, handle)
);
ALTER TABLE severances ADD COLUMN purged BOOLEAN NOT NULL DEFAULT true;
