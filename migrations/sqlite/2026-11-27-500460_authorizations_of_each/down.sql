DELETE FROM feature_authorizations WHERE EXISTS (
    SELECT 1 FROM feature_authorizations f WHERE f.account_id = feature_authorizations.account_id
    AND f.collection_uri = feature_authorizations.collection_uri AND f.id < feature_authorizations.id
);
DROP INDEX feature_authorizations_each;
CREATE UNIQUE INDEX feature_authorizations_pair ON feature_authorizations(account_id, collection_uri);
