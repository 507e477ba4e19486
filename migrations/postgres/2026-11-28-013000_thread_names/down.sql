DROP TABLE thread_names;
