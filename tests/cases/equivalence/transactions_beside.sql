-- about: joins see what the transaction wrote into tables that are not sharded, whichever shard the other rows are on
BEGIN;
INSERT INTO settings (id, name, value) VALUES (101, 'one', '1'), (102, 'two', '2'), (103, 'three', '3'), (104, 'four', '4');
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 WHERE u.user_id = 1;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 WHERE u.user_id = 2;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 WHERE u.user_id = 3;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 WHERE u.user_id = 4;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 ORDER BY u.user_id;
SELECT user_id, (SELECT MAX(value) FROM settings WHERE id > 100) FROM users WHERE user_id IN (1, 2, 3, 4) ORDER BY user_id;
SELECT COUNT(*) FROM users WHERE EXISTS (SELECT 1 FROM settings WHERE id = 103);
UPDATE users SET name = 'changed' WHERE user_id = 3;
SELECT u.name, s.name FROM users u JOIN settings s ON s.id = u.user_id + 100 WHERE u.user_id IN (2, 3) ORDER BY u.user_id;
ROLLBACK;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id WHERE u.user_id = 3;

-- about: and into copies
BEGIN;
UPDATE countries SET name = CONCAT(name, '!');
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY u.user_id;
SELECT u.user_id, c.name FROM users u LEFT JOIN countries c ON c.code = u.country_code WHERE u.user_id = 1;
SELECT u.user_id, c.name FROM users u LEFT JOIN countries c ON c.code = u.country_code WHERE u.user_id = 2;
SELECT u.user_id, c.name FROM users u LEFT JOIN countries c ON c.code = u.country_code WHERE u.user_id = 3;
UPDATE users u JOIN countries c ON c.code = u.country_code SET u.name = c.name;
SELECT user_id, name FROM users ORDER BY user_id;
DELETE FROM countries WHERE code = 'IS';
SELECT u.user_id, u.name, c.name FROM users u LEFT JOIN countries c ON c.code = u.country_code ORDER BY u.user_id;
COMMIT;
SELECT user_id, name FROM users ORDER BY user_id;
SELECT * FROM countries ORDER BY code;

-- about: nobody waits for locks of the same transaction
BEGIN;
SELECT * FROM settings WHERE id = 1 FOR UPDATE;
UPDATE users u JOIN settings s ON s.id = 1 SET u.level = 77 WHERE u.user_id = 1;
UPDATE users u JOIN settings s ON s.id = 1 SET u.level = 77 WHERE u.user_id = 2;
UPDATE users u JOIN settings s ON s.id = 1 SET u.level = 77 WHERE u.user_id = 3;
UPDATE users u JOIN settings s ON s.id = 1 SET s.value = u.name WHERE u.user_id = 4;
SELECT * FROM settings WHERE id = 1;
UPDATE settings SET value = 'bright' WHERE id = 1;
DELETE FROM users WHERE user_id IN (SELECT id FROM settings WHERE id > 3);
SELECT user_id, level FROM users ORDER BY user_id;
COMMIT;
SELECT user_id, level FROM users ORDER BY user_id;
SELECT * FROM settings ORDER BY id;

-- about: a join locks first, and then one table alone is written
BEGIN;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = u.user_id WHERE u.user_id = 3 FOR UPDATE;
UPDATE settings SET value = 'locked' WHERE id = 3;
INSERT INTO orders (user_id, order_id, total) SELECT 3, 900 + id, 1 FROM settings WHERE id = 2;
UPDATE settings SET value = 'free' WHERE id = 2;
SELECT * FROM orders WHERE user_id = 3 ORDER BY order_id;
SELECT * FROM settings WHERE id IN (2, 3) ORDER BY id;
ROLLBACK;
SELECT * FROM settings WHERE id IN (2, 3) ORDER BY id;

-- about: under autocommit = 0 the first statement begins
SET autocommit = 0;
UPDATE settings SET value = 'own' WHERE id = 2;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 1;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 2;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 3;
COMMIT;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 3;
UPDATE countries SET name = 'own' WHERE code = 'FR';
ALTER TABLE settings COMMENT = 'own';
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = 'FR' WHERE u.user_id IN (1, 2, 3) ORDER BY u.user_id;
ROLLBACK;
SET autocommit = 1;

-- about: prepared before it, and savepoints
PREPARE joined FROM 'SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = ?';
SET @id = 1, @other = 3;
EXECUTE joined USING @id;
BEGIN;
EXECUTE joined USING @other;
SAVEPOINT a;
UPDATE settings SET value = 'later' WHERE id = 2;
EXECUTE joined USING @id;
EXECUTE joined USING @other;
ROLLBACK TO a;
EXECUTE joined USING @other;
COMMIT;
EXECUTE joined USING @other;

-- about: the same through the protocol
-- params: 1
-- params: 2
-- params: 3
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = ?;
BEGIN;
-- params: 'by parameter', 2
UPDATE settings SET value = ? WHERE id = ?;
-- params: 1
-- params: 2
-- params: 3
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = ?;
-- params: 1, 2, 3
UPDATE users u JOIN settings s ON s.id = 2 SET u.name = s.value WHERE u.user_id IN (?, ?, ?);
SELECT user_id, name FROM users ORDER BY user_id;
ROLLBACK;
SELECT user_id, name FROM users ORDER BY user_id;

-- about: where every read locks
SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE;
BEGIN;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 1;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 2;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 3;
UPDATE settings SET value = 'serial' WHERE id = 2;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 ORDER BY u.user_id;
UPDATE countries SET name = CONCAT(name, '?');
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY u.user_id;
ROLLBACK;
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
START TRANSACTION;
SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = 2 WHERE u.user_id = 3;
UPDATE settings SET value = 'next' WHERE id = 2;
COMMIT;
SELECT * FROM settings ORDER BY id;
