DROP TABLE undated_edits;
