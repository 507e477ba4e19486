DROP TABLE revoked_actors;
