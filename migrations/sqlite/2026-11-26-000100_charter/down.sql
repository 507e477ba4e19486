DROP TABLE charter_peers;
DROP TABLE charter_changes;
DROP TABLE charter_invitations;
DROP TABLE charter_keys;
DROP TABLE charters;
