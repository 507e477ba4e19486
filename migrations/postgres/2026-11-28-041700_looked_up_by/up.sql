-- Whether somebody here wrote in a thread is asked for every old post of another server: in a thread of thousands, without
-- looking at all of it.
CREATE INDEX posts_written_here ON posts(conversation_id) WHERE local AND boost_of_id IS NULL;
-- A post that goes takes back what waits about it, and leaves the conversations it is the newest of: not by looking at all that
-- was sent, and at everybody's.
CREATE INDEX activities_post ON activities(post_id) WHERE post_id IS NOT NULL;
CREATE INDEX conversations_thread ON conversations(conversation_id);
-- An account that goes takes with it what refers to it, of which there is none for a sign-up that came to nothing.
CREATE INDEX media_account ON media(account_id);
CREATE INDEX account_notes_target ON account_notes(target_id);
