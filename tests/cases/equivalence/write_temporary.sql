-- about: Writes of several shards while the session holds temporary tables: rows by key, of one shard and another.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY, b VARCHAR(60)) ENGINE=InnoDB;
UPDATE orders SET quantity = quantity + 1 WHERE product_id IS NOT NULL;
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (9003, 'c'), (9004, 'd');
UPDATE users SET level = level + 1;
DELETE FROM order_items WHERE item_no = 2;
INSERT INTO mine VALUES (1, 'one');
SELECT SUM(quantity) FROM orders;
SELECT ticket_id, title FROM tickets WHERE ticket_id > 9000 ORDER BY ticket_id;
SELECT * FROM mine;
DROP TEMPORARY TABLE mine;

-- about: One that fails leaves nothing, and what the session holds is still there.
-- natural key
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO mine VALUES (1), (2);
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (9003, 'c'), (9001, 'd');
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: In a transaction, with rows of the temporary table between.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
BEGIN;
UPDATE users SET level = level + 1;
INSERT INTO mine VALUES (1), (2);
INSERT INTO tickets (ticket_id, title) VALUES (9001, 'a'), (9002, 'b'), (9003, 'c'), (9004, 'd');
COMMIT;
SELECT COUNT(*) FROM mine;
BEGIN;
INSERT INTO mine VALUES (3);
DELETE FROM tickets WHERE ticket_id > 9000;
ROLLBACK;
SELECT COUNT(*) FROM mine;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;
DROP TEMPORARY TABLE mine;

-- about: Under autocommit = 0.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
SET autocommit = 0;
INSERT INTO mine VALUES (1);
UPDATE orders SET quantity = quantity + 1;
COMMIT;
SELECT COUNT(*) FROM mine;
SET autocommit = 1;
DROP TEMPORARY TABLE mine;

-- about: Writes that no shard can do by itself, and reads that lock.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO mine VALUES (1);
INSERT INTO tickets (ticket_id, title) SELECT user_id + 9000, name FROM users WHERE user_id BETWEEN 1 AND 2000;
UPDATE orders SET total = total + 1 ORDER BY total, user_id, order_id LIMIT 3;
DELETE t FROM tickets t JOIN users u ON u.user_id = t.weight;
UPDATE orders SET quantity = (SELECT COUNT(*) FROM tickets) WHERE product_id IS NOT NULL;
SELECT COUNT(*) FROM users FOR UPDATE;
SELECT SUM(total) FROM orders;
SELECT COUNT(*) FROM tickets;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: Rows of all copies of a reference table.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO mine VALUES (1);
UPDATE countries SET name = CONCAT(name, '!') WHERE code IN ('DE', 'FR');
SELECT code, name FROM countries ORDER BY code;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: What names the temporary table would find another one, or none, where it is put together.
CREATE TEMPORARY TABLE mine (a INT PRIMARY KEY) ENGINE=InnoDB;
-- refused: 1235 such a write over several shards with the temporary table 'mine'
INSERT INTO mine SELECT user_id FROM users;
-- refused: 1235 such a write over several shards with the temporary table 'mine'
UPDATE orders JOIN mine ON mine.a = orders.product_id SET quantity = 0;
DROP TEMPORARY TABLE mine;
