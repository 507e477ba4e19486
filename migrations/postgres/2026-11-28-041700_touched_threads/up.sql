-- Whether somebody here wrote in a thread is asked for every old post of another server: in a thread of thousands, without
-- looking at all of it.
CREATE INDEX posts_written_here ON posts(conversation_id) WHERE local AND boost_of_id IS NULL;
