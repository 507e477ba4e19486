-- How far another node of the organisation has confirmed that it stored what was sent to it: up to which activity, and when it
-- was last asked.
CREATE TABLE stored_marks (
    host TEXT PRIMARY KEY NOT NULL,
    activity_id BIGINT NOT NULL,
    checked_at BIGINT NOT NULL
);
-- What it took up to there and did not have when it was asked.
CREATE TABLE not_stored (
    activity_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (activity_id, host)
);
CREATE INDEX not_stored_host ON not_stored(host, activity_id);
