-- about: Constraints whose names a server has but once in a schema, and foreign keys to tables that all shards have.
ALTER TABLE tickets ADD CONSTRAINT light CHECK (weight < 1000000);
INSERT INTO tickets (ticket_id, title, weight) VALUES (9001, 'light', 5);
-- error-only
INSERT INTO tickets (ticket_id, title, weight) VALUES (9002, 'heavy', 2000000);
ALTER TABLE tickets DROP CONSTRAINT light;
INSERT INTO tickets (ticket_id, title, weight) VALUES (9003, 'heavy', 2000000);

-- only: MySQL
ALTER TABLE tickets ADD CONSTRAINT light CHECK (weight < 1000000), ADD COLUMN more INT CONSTRAINT some_more CHECK (more > 0);
ALTER TABLE tickets ALTER CHECK light NOT ENFORCED;
INSERT INTO tickets (ticket_id, title, weight) VALUES (9004, 'heavy', 2000000);
ALTER TABLE tickets DROP CHECK light, DROP CHECK some_more, DROP COLUMN more;
