DROP TABLE emoji_pictures;
