DROP INDEX posts_written_here;
