ALTER TABLE directory_copies DROP COLUMN questions;
