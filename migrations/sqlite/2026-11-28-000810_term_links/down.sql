ALTER TABLE projects DROP COLUMN term_links;
