DROP INDEX account_notes_target;
DROP INDEX media_account;
DROP INDEX conversations_thread;
DROP INDEX activities_post;
DROP INDEX posts_written_here;
