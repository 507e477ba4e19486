DROP TABLE concierge_refusals;
DROP TABLE question_limits;
DROP TABLE question_tellings;
DROP TABLE question_routes;
DROP TABLE question_people;
DROP TABLE questions;
