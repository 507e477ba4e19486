DROP TABLE coffee_pairs;
ALTER TABLE expertise DROP COLUMN coffee;
