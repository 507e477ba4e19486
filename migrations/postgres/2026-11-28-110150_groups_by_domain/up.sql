-- Whether somebody here follows a group under a domain is asked for every Lock of a thread that is not known: without looking at
-- all people of that domain.
CREATE INDEX accounts_groups ON accounts(domain, kind) WHERE kind = 2;
