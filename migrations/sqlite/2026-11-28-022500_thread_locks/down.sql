DROP TABLE thread_locks;
