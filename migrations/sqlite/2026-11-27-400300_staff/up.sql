-- Staff is looked for at each sign-up, among everybody otherwise.
CREATE INDEX users_staff ON users(role) WHERE role > 0;
