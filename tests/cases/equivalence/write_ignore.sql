-- about: UPDATE IGNORE of rows that move, or meet rows of other shards when they are written back.
-- natural key
UPDATE IGNORE logins SET login = 'bob' WHERE login = 'alice';
SHOW WARNINGS;

-- natural key
UPDATE IGNORE logins SET login = CONCAT(login, 'x'), attempts = attempts + 1;

-- natural key
UPDATE IGNORE tickets SET ticket_id = ticket_id + 1 WHERE ticket_id < 4;
SELECT ROW_COUNT();

-- natural key
UPDATE IGNORE tickets SET ticket_id = ticket_id + 1 ORDER BY ticket_id DESC;

-- natural key
UPDATE IGNORE tickets SET ticket_id = 3 ORDER BY ticket_id LIMIT 2;
SHOW COUNT(*) WARNINGS;

-- natural key
BEGIN;
UPDATE IGNORE tickets SET ticket_id = 2 WHERE ticket_id = 1;
UPDATE tickets SET title = 'kept' WHERE ticket_id = 1;
COMMIT;
SELECT ticket_id, title FROM tickets WHERE ticket_id < 4 ORDER BY ticket_id;

-- natural key
-- params: 2, 1
UPDATE IGNORE tickets SET ticket_id = ? WHERE ticket_id = ?;

-- about: A row that breaks a CHECK is passed over, also where it is the only one of its shard.
CREATE TABLE made (id INT PRIMARY KEY, a INT NOT NULL, s VARCHAR(3), CONSTRAINT small CHECK (a < 1000), CHECK (s <> 'no'));
INSERT IGNORE INTO made (id, a) VALUES (1, 1), (2, 5000);
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a, s) VALUES (3, 1, 'no'), (4, 5000, 'x'), (1, 9, 'z'), (6, 5000, 'z'), (9, 6, 'y');
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a, s) VALUES (10, 4, 'far too long'), (11, '7000x', 'a');
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a) VALUES (12 + 0, 1), (13 + 0, 5000);
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a, s) SELECT user_id + 100, IF(user_id = 3, 5000, user_id), 'abc' FROM users WHERE user_id < 6;
SHOW WARNINGS;
SELECT id, a, s FROM made ORDER BY id;
DROP TABLE made;

-- about: The same where rows that are there are changed.
CREATE TABLE made (id INT PRIMARY KEY, a INT NOT NULL, CONSTRAINT small CHECK (a < 1000));
INSERT INTO made (id, a) VALUES (1, 1), (2, 2), (3, 3);
-- ignore on MySQL: message
INSERT IGNORE INTO made (id, a) VALUES (1, 1), (2, 5000), (4, 4) ON DUPLICATE KEY UPDATE a = a + 1;
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a) VALUES (1, 5), (2, 6), (7, 7) ON DUPLICATE KEY UPDATE a = a + 998;
SHOW WARNINGS;
INSERT IGNORE INTO made (id, a) VALUES (8, 5000);
SELECT id, a FROM made ORDER BY id;
DROP TABLE made;

-- about: In a transaction, which goes on.
CREATE TABLE made (id INT PRIMARY KEY, a INT NOT NULL, CONSTRAINT small CHECK (a < 1000));
BEGIN;
-- params: 1, 1, 2, 5000, 3, 3
INSERT IGNORE INTO made (id, a) VALUES (?, ?), (?, ?), (?, ?);
INSERT INTO made (id, a) VALUES (4, 4), (5, 5000);
SELECT id, a FROM made ORDER BY id;
COMMIT;
SELECT id, a FROM made ORDER BY id;
DROP TABLE made;
