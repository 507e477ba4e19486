-- Several actors of one server may name the same collection: each has an authorisation of its own.
DROP INDEX feature_authorizations_pair;
CREATE UNIQUE INDEX feature_authorizations_each ON feature_authorizations(account_id, by_account_id, collection_uri);
