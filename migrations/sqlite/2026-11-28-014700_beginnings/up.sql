-- The names of hashtags have such an index here: it always compares byte for byte.
SELECT 1;
