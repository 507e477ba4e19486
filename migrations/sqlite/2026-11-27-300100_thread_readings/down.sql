DROP TABLE thread_readings;
