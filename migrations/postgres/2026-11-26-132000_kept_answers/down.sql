DROP TABLE alias_proposals;
DROP TABLE alias_letters;
DROP TABLE answer_reviews;
ALTER TABLE question_people DROP COLUMN replaced;
ALTER TABLE question_people DROP COLUMN declined_at;
ALTER TABLE questions DROP COLUMN answered_elsewhere;
