DROP TABLE outbox_readings;
DROP TABLE concierge_threads;
