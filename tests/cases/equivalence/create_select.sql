-- about: The table looks as one server makes it, and has the rows of the query.
CREATE TABLE made SELECT user_id AS id, name, level, COUNT(*) AS n FROM users GROUP BY user_id, name, level;
SHOW CREATE TABLE made;
-- ignore: status
SELECT * FROM made ORDER BY id;
SELECT COUNT(*), SUM(n) FROM made WHERE id > 3;
DROP TABLE made;

-- about: Joins off the shard key, columns and keys of its own.
CREATE TABLE made (id BIGINT NOT NULL, total DECIMAL(12,3), note VARCHAR(30) DEFAULT 'none', KEY by_total (total), PRIMARY KEY (id)) COMMENT 'sums' SELECT o.order_id * 10 + o.user_id AS id, SUM(o.total) AS total, COUNT(u.name) AS top FROM orders o JOIN users u ON u.level = o.user_id GROUP BY o.order_id * 10 + o.user_id;
SHOW CREATE TABLE made;
-- ignore: status
SELECT * FROM made ORDER BY id;
DROP TABLE made;

-- about: Its answer.
CREATE TABLE made AS SELECT ticket_id AS id, title FROM tickets WHERE ticket_id < 6;
SELECT ROW_COUNT();
INSERT INTO made VALUES (900, 'more'), (901, 'and more');
CREATE TABLE made SELECT 1 AS id;
CREATE TABLE IF NOT EXISTS made SELECT ticket_id AS id FROM tickets;
SHOW WARNINGS;
SELECT COUNT(*) FROM made;
DROP TABLE made;

-- about: Without tables, without rows, with set operators and common tables.
CREATE TABLE made SELECT 5 AS id, 'x' AS t;
SHOW COLUMNS FROM made;
SELECT * FROM made;
DROP TABLE made;
CREATE TABLE made (SELECT user_id AS id FROM users WHERE user_id < 0);
SELECT COUNT(*) FROM made;
DROP TABLE made;
CREATE TABLE made SELECT CAST(user_id AS SIGNED) AS id FROM users UNION SELECT CAST(ticket_id AS SIGNED) FROM tickets;
SELECT COUNT(*), SUM(id) FROM made;
DROP TABLE made;
CREATE TABLE made WITH c AS (SELECT user_id AS id, level FROM users) SELECT a.id, b.level FROM c a JOIN c b ON a.level = b.id;
SHOW COLUMNS FROM made;
-- ignore: status
SELECT * FROM made ORDER BY id;
DROP TABLE made;

-- about: Rows that are there already. MariaDB (10.11) loses some of those that it counts.
-- only: MySQL
CREATE TABLE made (id BIGINT PRIMARY KEY) IGNORE SELECT level AS id, MAX(name) AS name FROM users GROUP BY level, user_id % 2 ORDER BY level, name;
SELECT id FROM made ORDER BY id;
DROP TABLE made;

CREATE TABLE made (id BIGINT PRIMARY KEY) REPLACE SELECT level AS id, 1 AS one FROM users;
-- ignore: status, length
SELECT * FROM made ORDER BY id;
DROP TABLE made;

-- about: What fails leaves no table.
-- ignore: message
CREATE TABLE made (id BIGINT PRIMARY KEY) SELECT 1 AS id, user_id FROM users;
SELECT COUNT(*) FROM made;
CREATE TABLE made SELECT nothing AS id FROM users;
CREATE TABLE made SELECT user_id AS id, level AS id FROM users;
CREATE TABLE made SELECT user_id AS id FROM no_such_table;
-- error-only
CREATE TABLE made SELECT (SELECT user_id FROM users) AS id;
SELECT COUNT(*) FROM made;

-- about: A reference table.
CREATE TABLE made_copies SELECT level, COUNT(*) AS n FROM users GROUP BY level;
-- ignore: length
SELECT u.user_id, m.n FROM users u JOIN made_copies m ON m.level = u.level ORDER BY u.user_id;
DROP TABLE made_copies;

-- about: A table without a rule, from several shards.
CREATE TABLE plain_made SELECT user_id, name FROM users WHERE level > 2;
SHOW CREATE TABLE plain_made;
SELECT * FROM plain_made ORDER BY user_id;
DROP TABLE plain_made;

-- about: What is open is committed.
BEGIN;
UPDATE tickets SET weight = 5 WHERE ticket_id IN (1, 2, 3);
CREATE TABLE made SELECT ticket_id AS id, weight FROM tickets;
ROLLBACK;
SELECT COUNT(*) FROM made WHERE weight = 5;
DROP TABLE made;

-- about: Values of the session.
SET @n = 7;
CREATE TABLE made SELECT user_id AS id, @n AS n, DATABASE() AS d FROM users;
SELECT SUM(n), MAX(d) FROM made;
SHOW COLUMNS FROM made;
DROP TABLE made;

-- only: MariaDB
CREATE TABLE made SELECT user_id AS id FROM users;
CREATE OR REPLACE TABLE made SELECT ticket_id AS id, weight FROM tickets;
SELECT COUNT(*), SUM(weight) FROM made;
CREATE OR REPLACE TABLE made SELECT id FROM made;
DROP TABLE made;

-- about: From one shard to all, and text in the statement that looks like a query.
CREATE TABLE made (id BIGINT NOT NULL COMMENT 'as (select 1)', t VARCHAR(20) DEFAULT 'select') SELECT user_id AS id FROM users WHERE user_id = 3;
SHOW CREATE TABLE made;
SELECT * FROM made;
DROP TABLE made;

PREPARE s FROM 'CREATE TABLE made SELECT user_id AS id, level FROM users WHERE user_id > ?';
SET @least = 2;
EXECUTE s USING @least;
SELECT COUNT(*), MIN(id) FROM made;
DROP TABLE made;

-- about: How many rows the client wants says nothing of the table.
SET sql_select_limit = 1;
CREATE TABLE made SELECT title, weight, ticket_id AS id FROM tickets WHERE ticket_id < 8;
SET sql_select_limit = DEFAULT;
-- ignore: status
SELECT * FROM made ORDER BY id;
DROP TABLE made;
SET sql_select_limit = 0;
CREATE TABLE made SELECT title, ticket_id AS id FROM tickets WHERE ticket_id < 8;
SET sql_select_limit = DEFAULT;
-- ignore: status
SELECT * FROM made ORDER BY id;
DROP TABLE made;
