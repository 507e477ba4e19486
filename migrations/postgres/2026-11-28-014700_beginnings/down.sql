DROP INDEX tags_beginning;
