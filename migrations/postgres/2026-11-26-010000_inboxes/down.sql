DROP INDEX inbox_items_host;
DROP INDEX accounts_inbox;
DROP TABLE missing_inboxes;
