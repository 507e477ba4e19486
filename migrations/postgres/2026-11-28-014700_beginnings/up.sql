-- Beginnings of hashtags are looked for byte for byte, whatever the language that the database sorts by.
CREATE INDEX tags_beginning ON tags (name COLLATE "C");
