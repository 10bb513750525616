-- about: Transactions on one shard, with the status flags that drivers read.
BEGIN;
SELECT name FROM users WHERE user_id = 1;
UPDATE users SET level = 20 WHERE user_id = 1;
SELECT level FROM users WHERE user_id = 1;
COMMIT;
SELECT level FROM users WHERE user_id = 1;

BEGIN;
UPDATE users SET level = 21 WHERE user_id = 1;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;

START TRANSACTION;
INSERT INTO users (user_id, name) VALUES (1000001, 'gone');
SELECT name FROM users WHERE user_id = 1000001;
ROLLBACK;
SELECT name FROM users WHERE user_id = 1000001;

BEGIN WORK;
COMMIT WORK;

START TRANSACTION READ ONLY;
SELECT name FROM users WHERE user_id = 1;
UPDATE users SET level = 1 WHERE user_id = 1;
COMMIT;

START TRANSACTION READ WRITE;
UPDATE users SET level = 22 WHERE user_id = 1;
COMMIT;
SELECT level FROM users WHERE user_id = 1;

START TRANSACTION WITH CONSISTENT SNAPSHOT;
SELECT name FROM users WHERE user_id = 1;
COMMIT;

START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;
SELECT name FROM users WHERE user_id = 1;
COMMIT;

BEGIN;
BEGIN;
ROLLBACK;

COMMIT;

ROLLBACK;

BEGIN;
UPDATE users SET level = 23 WHERE user_id = 1;
START TRANSACTION;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;

BEGIN;
UPDATE users SET level = 24 WHERE user_id = 1;
COMMIT AND CHAIN;
UPDATE users SET level = 25 WHERE user_id = 1;
ROLLBACK AND CHAIN;
SELECT level FROM users WHERE user_id = 1;
COMMIT;
SELECT level FROM users WHERE user_id = 1;

BEGIN;
COMMIT AND NO CHAIN NO RELEASE;

BEGIN;
UPDATE users SET level = 26 WHERE user_id = 1;
SAVEPOINT a;
UPDATE users SET level = 27 WHERE user_id = 1;
SAVEPOINT b;
UPDATE users SET level = 28 WHERE user_id = 1;
ROLLBACK TO SAVEPOINT b;
SELECT level FROM users WHERE user_id = 1;
ROLLBACK TO a;
SELECT level FROM users WHERE user_id = 1;
RELEASE SAVEPOINT a;
COMMIT;
SELECT level FROM users WHERE user_id = 1;

BEGIN;
SAVEPOINT early;
UPDATE users SET level = 29 WHERE user_id = 1;
ROLLBACK TO early;
SELECT level FROM users WHERE user_id = 1;
COMMIT;

BEGIN;
ROLLBACK TO nosuchsavepoint;
SELECT name FROM users WHERE user_id = 1;
COMMIT;

RELEASE SAVEPOINT nosuchsavepoint;

SAVEPOINT outside;
ROLLBACK TO outside;

SET autocommit = 0;
SELECT @@autocommit;
UPDATE users SET level = 30 WHERE user_id = 1;
SELECT level FROM users WHERE user_id = 1;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;
COMMIT;
SET autocommit = 1;
SELECT level FROM users WHERE user_id = 1;

SET autocommit = 0;
UPDATE users SET level = 31 WHERE user_id = 1;
SET autocommit = 1;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;

SET autocommit = 0;
BEGIN;
UPDATE users SET level = 32 WHERE user_id = 1;
COMMIT;
SELECT 1;
ROLLBACK;

SET SESSION autocommit = OFF;
SELECT 1;
SET @@autocommit = 1;

-- about: An error in a statement leaves the transaction open.
BEGIN;
UPDATE users SET level = 33 WHERE user_id = 1;
INSERT INTO users (user_id, name) VALUES (1, 'taken');
SELECT level FROM users WHERE user_id = 1;
SELECT nope FROM users WHERE user_id = 1;
COMMIT;
SELECT level FROM users WHERE user_id = 1;

-- about: Data definition commits.
BEGIN;
UPDATE users SET level = 34 WHERE user_id = 1;
CREATE TABLE implicit (a INT);
SELECT 1;
ROLLBACK;
DROP TABLE implicit;
SELECT level FROM users WHERE user_id = 1;

SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
BEGIN;
SELECT name FROM users WHERE user_id = 1;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
COMMIT;

-- about: Prepared, a single server refuses while preparing.
SET TRANSACTION READ ONLY;
-- text
UPDATE users SET level = 35 WHERE user_id = 1;
-- text
UPDATE users SET level = 35 WHERE user_id = 1;

BEGIN;
SELECT * FROM countries WHERE code = 'DE';
SELECT name FROM users WHERE user_id = 2;
UPDATE users SET level = 36 WHERE user_id = 2;
SELECT u.level, o.order_id FROM users u JOIN orders o USING (user_id) WHERE u.user_id = 2 ORDER BY 2;
COMMIT;

-- natural key
BEGIN;
SELECT name FROM users WHERE user_id = 2 FOR UPDATE;
DELETE FROM orders WHERE user_id = 2;
ROLLBACK;
SELECT COUNT(*) FROM orders WHERE user_id = 2;

-- natural key
BEGIN;
INSERT INTO orders (user_id, order_id, total) VALUES (3, 91, 1), (3, 92, 2);
UPDATE users SET balance = balance - 3 WHERE user_id = 3;
COMMIT;
SELECT order_id, total FROM orders WHERE user_id = 3 ORDER BY order_id;

-- about: Reads over several shards inside a transaction.
BEGIN;
-- unordered
SELECT user_id FROM users;
UPDATE users SET level = 37 WHERE user_id = 2;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4);
COMMIT;

BEGIN; UPDATE users SET level = 38 WHERE user_id = 1; COMMIT;
SELECT level FROM users WHERE user_id = 1;
