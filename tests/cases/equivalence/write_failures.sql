-- about: a write of several shards that fails on one of them leaves nothing on the others

-- about: the row is counted among those of the statement
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (9003, REPEAT('x', 51)), (9004, 'd');

-- natural key
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (1, 'there'), (9004, 'd');

BEGIN;
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'kept'), (9002, 'kept');
INSERT INTO tickets (ticket_id, title) VALUES (9003, 'a'), (9004, 'b'), (9005, REPEAT('x', 51));
SELECT ticket_id FROM tickets WHERE ticket_id > 9000 ORDER BY ticket_id;
COMMIT;

-- natural key
BEGIN;
UPDATE tickets SET weight = 77 WHERE ticket_id IN (1, 2, 3);
SAVEPOINT before_it;
INSERT INTO tickets (ticket_id, title) VALUES (9003, 'a'), (9004, 'b'), (1, 'there');
ROLLBACK TO before_it;
INSERT INTO tickets (ticket_id, title) VALUES (9006, 'c'), (9007, 'd');
COMMIT;

-- natural key
SET autocommit = 0;
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b');
INSERT INTO tickets (ticket_id, title) VALUES (9003, 'a'), (9004, 'b'), (2, 'there');
COMMIT;
SELECT ticket_id FROM tickets WHERE ticket_id > 9000 ORDER BY ticket_id;

-- about: out of range, on one row of many
-- error-only
UPDATE users SET level = user_id * 20;

BEGIN;
UPDATE users SET rating = 1 WHERE user_id = 2;
-- error-only
UPDATE users SET level = user_id * 20;
COMMIT;

-- about: without strictness the same is a warning
SET sql_mode = '';
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, REPEAT('x', 51)), (9003, 'c');

SET sql_mode = '';
INSERT INTO tickets (ticket_id, title) VALUES (9001, REPEAT('a', 51)), (9002, 'b'), (9003, REPEAT('x', 51)), (9004, REPEAT('y', 52)), (9005, REPEAT('z', 53)), (9006, REPEAT('w', 54));
SHOW WARNINGS;

-- about: of several rows that fail, the first is told
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (9003, 'c'), (9004, REPEAT('y', 52)), (9005, REPEAT('z', 53)), (9006, REPEAT('w', 54));

-- params: 9001, 9002, 9003
INSERT INTO tickets (ticket_id, title) VALUES (?, 'a'), (?, 'b'), (?, REPEAT('x', 51));
