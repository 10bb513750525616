-- about: A temporary table of rows of several shards, as reports make them.
DROP TEMPORARY TABLE IF EXISTS mine;
CREATE TEMPORARY TABLE mine AS SELECT user_id, name, level FROM users WHERE user_id < 6;
SELECT ROW_COUNT();
SHOW CREATE TABLE mine;
SELECT * FROM mine ORDER BY user_id;
SELECT m.user_id, COUNT(o.order_id) FROM mine m LEFT JOIN orders o ON o.user_id = m.user_id GROUP BY m.user_id ORDER BY m.user_id;
INSERT INTO mine SELECT user_id, name, level FROM users WHERE user_id > 5;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;
SELECT COUNT(*) FROM mine;

-- about: Columns and keys of its own, groups, joins off the key.
CREATE TEMPORARY TABLE mine (id BIGINT NOT NULL, n INT, note VARCHAR(30) DEFAULT 'none', PRIMARY KEY (id), KEY by_n (n)) COMMENT 'sums' SELECT user_id AS id, COUNT(*) AS n, SUM(total) AS total FROM orders GROUP BY user_id;
SHOW CREATE TABLE mine;
SELECT * FROM mine ORDER BY id;
DROP TABLE mine;
CREATE TEMPORARY TABLE mine (PRIMARY KEY (order_id)) SELECT o.order_id, u.name FROM orders o JOIN users u ON u.level = o.user_id WHERE u.user_id = 3;
SHOW COLUMNS FROM mine;
SELECT * FROM mine ORDER BY order_id;
DROP TEMPORARY TABLE mine;
CREATE TEMPORARY TABLE mine WITH c AS (SELECT user_id AS id, level FROM users) SELECT a.id, b.level FROM c a JOIN c b ON a.level = b.id;
SELECT * FROM mine ORDER BY id;
DROP TEMPORARY TABLE mine;

-- about: There is one already.
CREATE TEMPORARY TABLE mine (a INT) ENGINE=InnoDB;
CREATE TEMPORARY TABLE mine SELECT user_id FROM users;
CREATE TEMPORARY TABLE IF NOT EXISTS mine SELECT user_id FROM users;
SHOW WARNINGS;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;
CREATE TEMPORARY TABLE IF NOT EXISTS mine SELECT user_id FROM users;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- only: MariaDB
CREATE TEMPORARY TABLE mine (a INT) ENGINE=InnoDB;
CREATE OR REPLACE TEMPORARY TABLE mine SELECT user_id FROM users;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: A table of the same name is hidden, and comes back.
CREATE TABLE made_single (a INT PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO made_single VALUES (1), (2);
CREATE TEMPORARY TABLE made_single SELECT user_id, name FROM users;
SELECT COUNT(*) FROM made_single;
DROP TEMPORARY TABLE made_single;
SELECT * FROM made_single ORDER BY a;
DROP TABLE made_single;

-- about: What fails leaves no table.
-- ignore: message
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY) SELECT 1 AS id, user_id FROM users;
SELECT COUNT(*) FROM mine;
CREATE TEMPORARY TABLE mine SELECT nothing AS id FROM users;
CREATE TEMPORARY TABLE mine SELECT user_id AS id, level AS id FROM users;
CREATE TEMPORARY TABLE mine SELECT user_id AS id FROM no_such_table;
SELECT COUNT(*) FROM mine;

-- about: It ends no transaction.
BEGIN;
UPDATE users SET level = level + 1;
CREATE TEMPORARY TABLE mine SELECT user_id, level FROM users;
SELECT SUM(level) FROM mine;
-- ignore on MySQL: warnings
ROLLBACK;
SELECT SUM(level) FROM users;
DROP TEMPORARY TABLE IF EXISTS mine;

SET autocommit = 0;
CREATE TEMPORARY TABLE mine SELECT user_id, level FROM users;
UPDATE users SET level = 0;
-- ignore on MySQL: warnings
ROLLBACK;
SET autocommit = 1;
SELECT SUM(level) FROM users;
DROP TEMPORARY TABLE IF EXISTS mine;

-- about: With parameters.
-- params: 3
CREATE TEMPORARY TABLE mine SELECT user_id, name FROM users WHERE user_id > ?;
SELECT * FROM mine ORDER BY user_id;
DROP TEMPORARY TABLE mine;
-- params: 3, 'x'
CREATE TEMPORARY TABLE mine (user_id BIGINT PRIMARY KEY) SELECT user_id, name FROM users WHERE user_id > ? AND name <> ?;
SELECT * FROM mine ORDER BY user_id;
DROP TEMPORARY TABLE mine;
PREPARE made FROM 'CREATE TEMPORARY TABLE mine SELECT user_id FROM users WHERE user_id > ?';
SET @least = 2;
EXECUTE made USING @least;
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;

-- about: Of a table that is a model, of one that is all on one shard, and one of several made from another.
CREATE TEMPORARY TABLE mine LIKE users;
INSERT INTO mine SELECT * FROM users;
SELECT COUNT(*), SUM(user_id) FROM mine;
CREATE TEMPORARY TABLE yours SELECT m.user_id, o.order_id FROM mine m JOIN orders o ON o.user_id = m.user_id;
SELECT COUNT(*), SUM(order_id) FROM yours;
DROP TEMPORARY TABLE mine, yours;

-- refused: 1235 a temporary table called 'tickets', as a table with a rule
CREATE TEMPORARY TABLE tickets SELECT * FROM users;
