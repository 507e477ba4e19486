ALTER TABLE domain_blocks DROP COLUMN obfuscate;
ALTER TABLE domain_blocks DROP COLUMN public_comment;
