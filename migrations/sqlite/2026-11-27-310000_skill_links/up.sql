-- Where else a skill is described: addresses, with a space between each two.
ALTER TABLE skills ADD COLUMN same_as TEXT NOT NULL DEFAULT '';
