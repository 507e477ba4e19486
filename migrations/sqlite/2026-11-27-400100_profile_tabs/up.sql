-- What the page of a profile has beside the posts: media, media in answers, and what the person features.
ALTER TABLE accounts ADD COLUMN show_media BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE accounts ADD COLUMN show_media_replies BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE accounts ADD COLUMN show_featured BOOLEAN NOT NULL DEFAULT true;
