DROP TABLE interactions;
DROP TABLE interaction_policies;
