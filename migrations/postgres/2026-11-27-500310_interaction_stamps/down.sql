DROP INDEX interactions_stamp;
