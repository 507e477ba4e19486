-- Where tags of a project, and what it looks for, are described elsewhere: a JSON object, by their names in lower case lists of addresses.
ALTER TABLE projects ADD COLUMN term_links TEXT NOT NULL DEFAULT '{}';
