DROP TABLE repeated_activities;
