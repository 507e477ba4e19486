DROP TABLE directory_copies;
DROP TABLE accepted_answers;
DROP TABLE skills;
DROP TABLE expertise;
