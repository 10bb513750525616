-- about: What RETURNING returns has the client's columns and no others.
-- only: MariaDB
-- unordered
DELETE FROM tickets WHERE ticket_id > 3 RETURNING *;
SELECT COUNT(*) FROM tickets;

-- only: MariaDB
DELETE FROM tickets ORDER BY ticket_id LIMIT 3 RETURNING *, ticket_id + 1 AS more;

-- about: A subquery in SET must see all rows.
SET @x = (SELECT COUNT(*) FROM tickets);
-- refused: 1235 not supported: a subquery about 'tickets' in SET of more than user variables
SET group_concat_max_len = (SELECT COUNT(*) FROM tickets);
SELECT COUNT(*) FROM tickets;

SET @x = (SELECT COUNT(*) FROM countries);
-- text
SELECT @x;

SELECT COUNT(*) INTO @x FROM tickets;
-- text
SELECT @x;

-- about: Of IGNORE and ON DUPLICATE KEY UPDATE together, what was left alone counts.
-- natural key
INSERT IGNORE INTO tickets (ticket_id, title) VALUES (1, 'q'), (2, 'z'), (9001, 'new') ON DUPLICATE KEY UPDATE weight = 55;

-- about: A number with a line break before it. (MySQL reads both as 0, which is a duplicate where the number is the key.)
-- natural key
INSERT IGNORE INTO tickets (ticket_id, title) VALUES ('\n9003', 'x'), ('\t9004', 'y');
SELECT COUNT(*) FROM tickets WHERE ticket_id IN (0, 9003, 9004);

-- about: What follows the rows names columns of the SELECT.
-- natural key
-- refused: 1235
INSERT INTO tickets (ticket_id, title) SELECT u.user_id, u.name FROM users u WHERE u.user_id < 4 ON DUPLICATE KEY UPDATE title = u.name;

-- about: The first copy of a reference table numbers the rows of all.
CREATE TABLE made_copies (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t VARCHAR(20) UNIQUE, n INT NOT NULL DEFAULT 1);
INSERT INTO made_copies (t) VALUES ('a');
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t) VALUES ('b'), ('c'), ('d');
SELECT LAST_INSERT_ID();
INSERT INTO made_copies VALUES (NULL, 'e', 1), (DEFAULT, 'f', 2);
INSERT INTO made_copies SET t = 'g';
INSERT INTO made_copies (id, t) VALUES (50, 'h');
-- params: 'i', 5
INSERT INTO made_copies (t, n) VALUES (?, ?);
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t) VALUES ('a');
BEGIN;
INSERT INTO made_copies (t) VALUES ('in'), ('one');
INSERT INTO made_copies (t) VALUES ('new'), ('in');
INSERT INTO made_copies (t) VALUES ('last');
COMMIT;
UPDATE made_copies SET n = 7 WHERE id > 51;
SELECT * FROM made_copies ORDER BY id;
DROP TABLE made_copies;

-- about: The same where rows are there already.
CREATE TABLE made_copies (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t VARCHAR(20) UNIQUE, n INT NOT NULL DEFAULT 1);
INSERT INTO made_copies (t) VALUES ('a'), ('b');
INSERT IGNORE INTO made_copies (t) VALUES ('a'), ('c'), ('b'), ('d');
SELECT LAST_INSERT_ID();
INSERT IGNORE INTO made_copies (t) VALUES ('a'), ('b');
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t, n) VALUES ('a', 5), ('e', 6), ('b', 7), ('f', 8) ON DUPLICATE KEY UPDATE n = VALUES(n) + 10;
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t, n) VALUES ('a', 5), ('e', 6) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t) VALUES ('b') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t) VALUES ('g') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (t) VALUES ('b') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
SELECT LAST_INSERT_ID();
REPLACE INTO made_copies (t, n) VALUES ('a', 1), ('h', 2), ('d', 3);
SELECT LAST_INSERT_ID();
REPLACE INTO made_copies (t) VALUES ('i');
INSERT INTO made_copies (id, t) VALUES (0, 'j'), (NULL, 'k');
SELECT LAST_INSERT_ID();
INSERT INTO made_copies (id, t) VALUES (90, 'l'), (80, 'm');
SELECT LAST_INSERT_ID();
-- params: NULL, 'n'
-- params: 0, 'o'
-- params: 95, 'p'
INSERT INTO made_copies (id, t) VALUES (?, ?);
SELECT LAST_INSERT_ID();
-- params: NULL, 'q', NULL, 'r'
INSERT INTO made_copies (id, t) VALUES (?, ?), (?, ?);
SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO');
INSERT INTO made_copies (id, t) VALUES (0, 'zero');
INSERT INTO made_copies (id, t) VALUES (-5, 'below'), (70, 'seventy');
SELECT * FROM made_copies ORDER BY id;
DROP TABLE made_copies;

-- about: The rows of a query.
CREATE TABLE made_copies (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t VARCHAR(20) UNIQUE, n INT NOT NULL DEFAULT 1);
INSERT INTO made_copies (t) SELECT CONCAT('c', code) FROM countries ORDER BY code;
SELECT LAST_INSERT_ID();
SELECT * FROM made_copies ORDER BY id;
-- own rows
-- ignore: last_insert_id
INSERT IGNORE INTO made_copies (t, n) SELECT CONCAT('c', code), 3 FROM countries UNION ALL SELECT CONCAT('u', user_id), 4 FROM users WHERE user_id < 5;
SELECT t, n FROM made_copies ORDER BY t;
DROP TABLE made_copies;

CREATE TABLE made_copies (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t VARCHAR(20) UNIQUE, n INT NOT NULL DEFAULT 1);
INSERT INTO made_copies (id, t) SELECT user_id + 30, name FROM users WHERE user_id IN (2, 3, 4);
INSERT INTO made_copies (id, t) SELECT IF(user_id = 5, NULL, 70), CONCAT(name, 'x') FROM users WHERE user_id = 5;
INSERT INTO made_copies (t) VALUES (CONCAT('a', (SELECT MAX(user_id) FROM users WHERE user_id < 9)));
SELECT LAST_INSERT_ID();
REPLACE INTO made_copies (t, n) SELECT t, n + 1 FROM made_copies WHERE id = 33;
SELECT * FROM made_copies ORDER BY id;
DROP TABLE made_copies;

-- about: Without STRICT, NULL is the type's default where several rows are inserted.
-- natural key
SET sql_mode = '';
INSERT INTO tickets (ticket_id, title) VALUES (9101, NULL), (9102, 'x');
SHOW WARNINGS;
SELECT * FROM tickets WHERE ticket_id BETWEEN 9100 AND 9999 ORDER BY ticket_id;
INSERT INTO tickets (ticket_id, title) VALUES (9111, 'y'), (9115, NULL), (9119, NULL), (9112, NULL);
SHOW WARNINGS;
INSERT INTO tickets (ticket_id, title) VALUES (9121, NULL);
-- params: 'a', NULL
-- params: NULL, 'b'
INSERT INTO tickets (title, ticket_id, weight) VALUES (?, 9121, NULL), (?, 9122, 1) ON DUPLICATE KEY UPDATE title = CONCAT(VALUES(title), '!');
SELECT * FROM tickets WHERE ticket_id BETWEEN 9100 AND 9999 ORDER BY ticket_id;
REPLACE INTO tickets VALUES (9121, NULL, 3), (9122, 'x', 4);
INSERT IGNORE INTO tickets (ticket_id, title) VALUES (9121, NULL), (9123, NULL);
INSERT INTO users (user_id, name, tags, flags) VALUES (9101, NULL, NULL, 1), (9102, 'x', 'a', NULL), (9103, 'y', 'b', 2);
SHOW WARNINGS;
SELECT user_id, name, tags, flags FROM users WHERE user_id > 9100 ORDER BY user_id;
SET sql_mode = DEFAULT;
INSERT INTO tickets (ticket_id, title) VALUES (9131, NULL), (9132, 'x');

-- about: Also where the column is the shard key.
SET sql_mode = '';
INSERT INTO tickets (ticket_id, title, weight) VALUES (9101, NULL, 1), (9102, 'x', 2), (9103, NULL, 3);
SHOW WARNINGS;
-- ignore: message
INSERT INTO tickets (ticket_id, title, weight) VALUES (9104, NULL, 4);
-- params: 'b', NULL
REPLACE INTO tickets VALUES (9105, ?, 5), (9106, ?, 6);
