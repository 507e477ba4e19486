-- An authorisation is found by its id when its author takes it back.
CREATE INDEX interactions_stamp ON interactions(stamp_uri) WHERE stamp_uri IS NOT NULL;
