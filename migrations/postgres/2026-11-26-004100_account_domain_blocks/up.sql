-- Domains a person does not want to read anything from (PRV-12). `domain`: as in the handles of accounts.
CREATE TABLE account_domain_blocks (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    domain TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_domain_blocks_pair ON account_domain_blocks(account_id, domain);
CREATE INDEX account_domain_blocks_domain ON account_domain_blocks(domain);
