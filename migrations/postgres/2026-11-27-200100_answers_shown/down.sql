ALTER TABLE questions DROP COLUMN answers_shown;
