-- How many questions the node said it has when its directory was last compared.
ALTER TABLE directory_copies ADD COLUMN questions BIGINT NOT NULL DEFAULT 0;
