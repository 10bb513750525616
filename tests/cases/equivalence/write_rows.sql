-- about: What RETURNING returns has the client's columns and no others.
-- only: MariaDB
-- unordered
DELETE FROM tickets WHERE ticket_id > 3 RETURNING *;
SELECT COUNT(*) FROM tickets;

-- only: MariaDB
DELETE FROM tickets ORDER BY ticket_id LIMIT 3 RETURNING *, ticket_id + 1 AS more;

-- about: A subquery in SET must see all rows.
-- refused: 1235 not supported: a subquery about 'tickets' in SET
SET @x = (SELECT COUNT(*) FROM tickets);
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
