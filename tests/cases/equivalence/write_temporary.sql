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

-- about: Rows of several shards for a temporary table, as reports bring them together, and what is done with them then.
DROP TEMPORARY TABLE IF EXISTS mine;
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY, name VARCHAR(60), n INT DEFAULT 7) ENGINE=InnoDB;
INSERT INTO mine (id, name) SELECT user_id, name FROM users;
SELECT ROW_COUNT();
INSERT IGNORE INTO mine SELECT user_id, 'again', 1 FROM users WHERE user_id > 2;
REPLACE INTO mine SELECT user_id, 'replaced', level FROM users WHERE level IS NOT NULL;
INSERT INTO mine SELECT user_id, 'more', 2 FROM users WHERE level IS NOT NULL ON DUPLICATE KEY UPDATE n = mine.n + VALUES(n);
-- ignore: message
INSERT INTO mine SELECT user_id, 'once more', 1 FROM users;
SELECT * FROM mine ORDER BY id;
SELECT m.id, m.name, COUNT(o.order_id), SUM(o.total) FROM mine m LEFT JOIN orders o ON o.user_id = m.id GROUP BY m.id, m.name ORDER BY m.id;
DROP TEMPORARY TABLE mine;
SELECT COUNT(*) FROM mine;

-- about: Numbers, defaults and conversions are the temporary table's.
CREATE TEMPORARY TABLE mine (no INT AUTO_INCREMENT PRIMARY KEY, total DECIMAL(6,1), at DATETIME DEFAULT '2020-01-02') ENGINE=InnoDB;
INSERT INTO mine (total) SELECT SUM(total) FROM orders GROUP BY user_id ORDER BY user_id;
SELECT LAST_INSERT_ID();
SELECT * FROM mine ORDER BY no;
INSERT INTO mine (no, total) SELECT 'x', 1 FROM users;
INSERT INTO mine (total) SELECT 1, 2 FROM users;
INSERT INTO mine (nothing) SELECT 1 FROM users;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: Groups, joins off the key and set operations; without a key, and more than once.
CREATE TEMPORARY TABLE mine (a BIGINT, b VARCHAR(60)) ENGINE=InnoDB;
INSERT INTO mine SELECT level, COUNT(*) FROM users GROUP BY level;
INSERT INTO mine SELECT o.order_id, u.name FROM orders o JOIN users u ON u.level = o.user_id;
INSERT INTO mine SELECT user_id, name FROM users UNION SELECT ticket_id, title FROM tickets;
INSERT INTO mine VALUES ((SELECT COUNT(*) FROM users), 'all'), ((SELECT MAX(order_id) FROM orders), 'last');
INSERT INTO mine SET a = (SELECT MIN(user_id) FROM users), b = 'first';
-- unordered
SELECT * FROM mine;
DROP TEMPORARY TABLE mine;

-- about: With parameters.
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY, name VARCHAR(60)) ENGINE=InnoDB;
-- params: 'x', 3
-- params: 'y', 2
REPLACE INTO mine SELECT user_id, CONCAT(?, name) FROM users WHERE user_id > ?;
-- params: 2, '!'
INSERT INTO mine SELECT user_id, name FROM users WHERE user_id > ? ON DUPLICATE KEY UPDATE name = CONCAT(mine.name, ?);
SELECT * FROM mine ORDER BY id;
DROP TEMPORARY TABLE mine;

-- about: In a transaction, which goes on, and is taken back as a whole.
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY) ENGINE=InnoDB;
BEGIN;
UPDATE users SET level = level + 1;
INSERT INTO mine SELECT user_id FROM users WHERE level > 2;
-- ignore: message
INSERT INTO mine SELECT user_id FROM users;
SELECT COUNT(*) FROM mine;
ROLLBACK;
SELECT COUNT(*) FROM mine;
SELECT SUM(level) FROM users;
BEGIN;
INSERT INTO mine SELECT user_id FROM users WHERE level > 2;
COMMIT;
SELECT COUNT(*) FROM mine;
START TRANSACTION READ ONLY;
REPLACE INTO mine SELECT user_id FROM users;
UPDATE users SET level = 0;
COMMIT;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: The other way: rows of a temporary table, and of tables beside it.
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY, name VARCHAR(60), n INT) ENGINE=InnoDB;
INSERT INTO mine SELECT user_id + 9000, name, level FROM users;
INSERT INTO tickets (ticket_id, title) SELECT id, name FROM mine;
INSERT INTO tickets (ticket_id, title) SELECT mine.id + 100, u.name FROM mine JOIN users u ON u.level = mine.n;
UPDATE orders JOIN mine ON mine.id = orders.user_id + 9000 SET orders.quantity = mine.n;
DELETE tickets FROM tickets JOIN mine ON mine.id = tickets.ticket_id WHERE mine.n > 2;
UPDATE users SET level = 9 WHERE user_id IN (SELECT id - 9000 FROM mine WHERE n > 1);
SELECT COUNT(*), SUM(ticket_id) FROM tickets WHERE ticket_id > 9000;
SELECT SUM(quantity) FROM orders;
SELECT user_id, level FROM users ORDER BY user_id;
DROP TEMPORARY TABLE mine;

-- about: What is written is the temporary table, by what is on several shards.
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY, name VARCHAR(60), n DECIMAL(12,2)) ENGINE=InnoDB;
INSERT INTO mine SELECT user_id, name, level FROM users;
UPDATE mine JOIN orders o ON o.user_id = mine.id SET mine.n = o.total + 1, mine.name = 'has orders';
UPDATE mine SET n = (SELECT SUM(total) FROM orders o WHERE o.user_id = mine.id) WHERE id > 2;
DELETE FROM mine WHERE id IN (SELECT user_id FROM orders WHERE quantity > 2);
DELETE mine FROM mine LEFT JOIN orders o ON o.user_id = mine.id WHERE o.order_id IS NULL;
SELECT id, name FROM mine ORDER BY id;
DROP TEMPORARY TABLE mine;

-- about: A temporary table in the place of another.
CREATE TABLE made_single (a INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO made_single VALUES (1), (2);
CREATE TEMPORARY TABLE made_single (a BIGINT, b VARCHAR(60)) ENGINE=InnoDB;
INSERT INTO made_single SELECT user_id, name FROM users;
SELECT COUNT(*) FROM made_single;
DROP TEMPORARY TABLE made_single;
SELECT * FROM made_single ORDER BY a;
DROP TABLE made_single;

-- about: Without a key nothing tells rows apart.
CREATE TEMPORARY TABLE mine (id BIGINT, name VARCHAR(60), n DECIMAL(12,2), KEY (n)) ENGINE=InnoDB;
INSERT INTO mine SELECT user_id, name, level FROM users;
INSERT INTO mine SELECT * FROM users u JOIN (SELECT 1) one;
INSERT INTO mine SELECT user_id, name, level FROM users WHERE user_id < 4;
UPDATE mine JOIN orders o ON o.user_id = mine.id SET mine.n = 17, mine.name = 'has orders';
UPDATE mine SET n = (SELECT COUNT(*) FROM orders o WHERE o.user_id = mine.id) WHERE id > 2;
UPDATE mine SET n = n + 1 WHERE id = (SELECT MIN(user_id) FROM users) LIMIT 1;
SELECT * FROM mine ORDER BY id, n;
DELETE FROM mine WHERE id IN (SELECT user_id FROM orders WHERE quantity > 2);
DELETE mine FROM mine LEFT JOIN orders o ON o.user_id = mine.id WHERE o.order_id IS NULL;
UPDATE mine SET name = 'none' WHERE id > (SELECT MAX(user_id) FROM users);
SELECT * FROM mine ORDER BY id, n;
BEGIN;
DELETE FROM mine WHERE id IN (SELECT user_id FROM users);
SELECT COUNT(*) FROM mine;
ROLLBACK;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: Conditions leave rows where they are while temporary tables are held, too.
CREATE TEMPORARY TABLE mine (id BIGINT, name VARCHAR(60)) ENGINE=InnoDB;
INSERT INTO mine SELECT u.user_id, o.status FROM users u JOIN orders o ON o.order_id = u.level WHERE o.quantity > 1 AND u.name > 'B';
SELECT mine.id, u.name FROM mine JOIN users u ON u.level = mine.id WHERE u.user_id > 2 AND id < 6 ORDER BY mine.id, u.user_id;
SELECT o.order_id, u.name FROM orders o JOIN users u ON u.level = o.order_id WHERE u.user_id > 2 AND o.quantity > 1 ORDER BY 1, 2;
DROP TEMPORARY TABLE mine;
