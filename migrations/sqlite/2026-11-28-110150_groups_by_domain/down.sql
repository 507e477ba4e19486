DROP INDEX accounts_groups;
