DROP TABLE trend_rules;
DROP TABLE tag_rules;
DROP TABLE email_blocks;
DROP TABLE email_domain_blocks;
DROP TABLE ip_blocks;
ALTER TABLE accounts DROP COLUMN sensitized_at;
