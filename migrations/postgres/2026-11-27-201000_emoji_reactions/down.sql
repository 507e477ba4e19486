ALTER TABLE favourites DROP COLUMN implied;
DROP TABLE emoji_reactions;
