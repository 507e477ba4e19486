DROP TABLE not_stored;
DROP TABLE stored_marks;
