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

-- about: Writes of several shards in one transaction.
BEGIN;
UPDATE users SET level = 40 WHERE user_id IN (1, 2, 3, 4, 5, 6);
SELECT ROW_COUNT();
DELETE FROM users WHERE user_id IN (7, 8, 9) AND level >= 0;
-- unordered
SELECT user_id, level FROM users WHERE user_id BETWEEN 1 AND 10;
ROLLBACK;
-- unordered
SELECT user_id, level FROM users WHERE user_id BETWEEN 1 AND 10;

START TRANSACTION;
INSERT INTO users (user_id, name) VALUES (901, 'a'), (902, 'b'), (903, 'c'), (904, 'd');
UPDATE users SET name = CONCAT(name, '!') WHERE user_id BETWEEN 901 AND 904;
SAVEPOINT here;
REPLACE INTO users (user_id, name) VALUES (903, 'new'), (905, 'e'), (906, 'f'), (907, 'g');
ROLLBACK TO SAVEPOINT here;
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 901 AND 907;
COMMIT;
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 901 AND 907;

-- about: A statement that fails leaves nothing, and the transaction goes on.
BEGIN;
UPDATE users SET level = 41 WHERE user_id IN (1, 2);
INSERT INTO users (user_id, name) VALUES (910, 'a'), (911, 'b'), (912, 'c'), (1, 'taken');
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 910, 911, 912);
UPDATE users SET level = 42 WHERE user_id IN (3, 4);
COMMIT;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4, 910, 911, 912);

SET autocommit = 0;
UPDATE users SET level = 43 WHERE user_id IN (1, 2, 3, 4, 5);
SELECT level FROM users WHERE user_id = 5;
ROLLBACK;
INSERT INTO users (user_id, name) VALUES (920, 'a'), (921, 'b'), (922, 'c');
UPDATE users SET level = 44 WHERE user_id = 922;
COMMIT;
SET autocommit = 1;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 920, 921, 922);

-- about: Copies of a reference table are written together.
BEGIN;
UPDATE countries SET name = 'Elsewhere' WHERE code = 'DE';
UPDATE users SET level = 45 WHERE user_id = 2;
SELECT name FROM countries WHERE code = 'DE';
COMMIT AND CHAIN;
UPDATE countries SET name = 'Nowhere' WHERE code = 'DE';
UPDATE users SET level = 46 WHERE user_id IN (1, 2, 3);
ROLLBACK;
SELECT name FROM countries WHERE code = 'DE';
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3);

START TRANSACTION READ ONLY;
-- unordered
SELECT user_id FROM users WHERE user_id < 10;
UPDATE users SET level = 1 WHERE user_id IN (1, 2, 3, 4, 5);
COMMIT;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
-- ignore on MySQL: warnings
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE;
UPDATE users SET level = 47 WHERE user_id IN (1, 2, 3, 4, 5);
COMMIT;
-- unordered
SELECT user_id, level FROM users WHERE user_id BETWEEN 1 AND 5;

-- about: One shard is read, another one alone is written.
BEGIN;
SELECT name FROM users WHERE user_id = 1;
UPDATE users SET level = 50 WHERE user_id = 2;
COMMIT;
SELECT level FROM users WHERE user_id = 2;

BEGIN;
SELECT name FROM users WHERE user_id = 1;
UPDATE users SET level = 51 WHERE user_id = 2;
ROLLBACK;
SELECT level FROM users WHERE user_id = 2;

BEGIN;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4);
UPDATE users SET level = 52 WHERE user_id = 3;
COMMIT AND CHAIN;
SELECT level FROM users WHERE user_id = 4;
UPDATE users SET level = 53 WHERE user_id = 3;
ROLLBACK;
SELECT level FROM users WHERE user_id = 3;

-- about: Shards that join late know the savepoints.
BEGIN;
UPDATE users SET level = 54 WHERE user_id = 1;
SAVEPOINT a;
UPDATE users SET level = 55 WHERE user_id = 2;
SAVEPOINT b;
UPDATE users SET level = 56 WHERE user_id = 3;
SAVEPOINT a;
UPDATE users SET level = 57 WHERE user_id = 4;
ROLLBACK TO a;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4);
ROLLBACK TO b;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4);
ROLLBACK TO a;
RELEASE SAVEPOINT b;
RELEASE SAVEPOINT b;
COMMIT;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4);

-- about: A duplicate key on a shard that joined late undoes the statement only.
BEGIN;
UPDATE users SET level = 58 WHERE user_id = 1;
INSERT INTO users (user_id, name) VALUES (2, 'taken');
UPDATE users SET level = 59 WHERE user_id = 2;
SELECT nope FROM users WHERE user_id = 3;
COMMIT;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2);

-- about: Data definition commits what several shards wrote.
BEGIN;
UPDATE users SET level = 60 WHERE user_id IN (1, 2, 3);
CREATE TABLE implicit (a INT);
ROLLBACK;
DROP TABLE implicit;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3);

-- about: Levels of the session and of one transaction.
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN;
UPDATE users SET level = 61 WHERE user_id IN (1, 2, 3);
COMMIT;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY;
BEGIN;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3);
UPDATE users SET level = 62 WHERE user_id = 2;
COMMIT;
BEGIN;
UPDATE users SET level = 63 WHERE user_id IN (2, 3);
COMMIT;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3);

-- about: COMMIT and ROLLBACK do as completion_type says, where they do not say themselves
SET completion_type = 1;
SELECT @@completion_type;
BEGIN;
UPDATE users SET level = 50 WHERE user_id = 1;
COMMIT;
UPDATE users SET level = 51 WHERE user_id = 1;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;
COMMIT AND NO CHAIN;
SELECT level FROM users WHERE user_id = 1;
BEGIN;
UPDATE users SET level = 52 WHERE user_id IN (1, 2, 3, 4);
COMMIT;
ROLLBACK AND NO CHAIN NO RELEASE;
SET completion_type = 'NO_CHAIN';
BEGIN;
UPDATE users SET level = 53 WHERE user_id IN (1, 2);
COMMIT;
SELECT user_id, level FROM users WHERE user_id IN (1, 2) ORDER BY user_id;
UPDATE users SET level = 54 WHERE user_id IN (1, 2);

-- about: a server that does not prepare a statement again leaves the transaction as it is
PREPARE later FROM 'UPDATE users SET level = 55 WHERE user_id = 1';
START TRANSACTION READ ONLY;
SELECT name FROM users WHERE user_id = 1;
EXECUTE later;
SELECT name FROM users WHERE user_id = 1;
COMMIT;
EXECUTE later;
DEALLOCATE PREPARE later;
SELECT level FROM users WHERE user_id = 1;

-- about: SET TRANSACTION is used up by the end of a transaction that never began
SET TRANSACTION READ ONLY;
COMMIT;
UPDATE users SET level = 56 WHERE user_id = 1;
SET TRANSACTION READ ONLY;
ROLLBACK;
UPDATE users SET level = 57 WHERE user_id IN (1, 2, 3);
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3) ORDER BY user_id;

-- about: CREATE DATABASE commits, although there is nothing to do
BEGIN;
UPDATE users SET level = 58 WHERE user_id IN (1, 2);
CREATE DATABASE IF NOT EXISTS shop;
ROLLBACK;
SELECT user_id, level FROM users WHERE user_id IN (1, 2) ORDER BY user_id;
BEGIN;
UPDATE users SET level = 59 WHERE user_id = 1;
DROP DATABASE IF EXISTS nowhere_at_all;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;

-- about: what reads no table begins no transaction, and leaves SET TRANSACTION to the next
SET TRANSACTION READ ONLY;
SELECT 1;
SELECT NOW() > '2000-01-01';
-- text
UPDATE users SET name = name WHERE user_id = 1;
SELECT COUNT(*) FROM users;
UPDATE users SET name = name WHERE user_id = 1;

-- about: without autocommit, what one shard is given is in the transaction, whichever way it went
SET autocommit = 0;
UPDATE users SET level = level + 1 WHERE user_id IN (1, 1);
ROLLBACK;
SELECT user_id, level FROM users WHERE user_id = 1;
COMMIT;
INSERT INTO users (user_id, name) VALUES (901, 'a'), (901 + 0, 'b') ON DUPLICATE KEY UPDATE name = 'c';
ROLLBACK;
SELECT COUNT(*) FROM users WHERE user_id = 901;
COMMIT;
DELETE FROM users WHERE user_id = 1 ORDER BY name LIMIT 1;
ROLLBACK;
SELECT COUNT(*) FROM users WHERE user_id = 1;
SELECT MAX(level) FROM users WHERE user_id = 1 GROUP BY name;
ROLLBACK;

-- about: What SET SESSION TRANSACTION says is of the next transaction.
BEGIN;
UPDATE tickets SET weight = 7 WHERE ticket_id = 5;
SET SESSION TRANSACTION READ ONLY;
UPDATE tickets SET weight = 8 WHERE ticket_id = 2;
UPDATE tickets SET weight = weight + 1 WHERE ticket_id IN (3, 4);
COMMIT;
UPDATE tickets SET weight = 9 WHERE ticket_id = 2;
BEGIN;
SELECT COUNT(*) FROM tickets;
UPDATE tickets SET weight = 1 WHERE ticket_id = 1;
COMMIT;
SET autocommit = 0;
SELECT COUNT(*) FROM tickets;
SET SESSION TRANSACTION READ WRITE;
UPDATE tickets SET weight = 2 WHERE ticket_id = 1;
COMMIT;
UPDATE tickets SET weight = 3 WHERE ticket_id IN (1, 2, 3);
COMMIT;
SELECT ticket_id, weight FROM tickets ORDER BY 1;

-- about: What is refused in a transaction that only reads begins none, however it is answered, and neither does DO.
SET TRANSACTION READ ONLY;
-- text
UPDATE tickets SET weight = weight ORDER BY ticket_id LIMIT 3;
-- text
INSERT INTO tickets SELECT ticket_id + 9000, MAX(title), 1 FROM tickets GROUP BY ticket_id;
DO 1, SLEEP(0), @x := UPPER('x');
SELECT 1;
-- text
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
-- text
UPDATE tickets SET weight = weight WHERE ticket_id = 3;
SELECT COUNT(*) FROM tickets;
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
SET SESSION TRANSACTION READ ONLY;
-- text
UPDATE tickets SET weight = weight ORDER BY ticket_id LIMIT 3;
-- text
INSERT INTO tickets SELECT ticket_id + 9000, MAX(title), 1 FROM tickets GROUP BY ticket_id;
START TRANSACTION READ WRITE;
UPDATE tickets SET weight = weight ORDER BY ticket_id LIMIT 3;
ROLLBACK;

-- about: Variables with `@@` and without a scope are the next transaction's.
-- only: MySQL
SET @@transaction_read_only = 1;
-- text
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
SELECT COUNT(*) FROM tickets;
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
SET @@transaction_isolation = 'SERIALIZABLE';
SELECT @@transaction_isolation;
SELECT @@session.transaction_isolation;
-- refused: 1235 such a value
SET @@transaction_isolation = 'nothing';
BEGIN;
SET @@transaction_isolation = 'READ-COMMITTED';
ROLLBACK;
SET @@transaction_read_only = ON;
BEGIN;
-- text
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
ROLLBACK;
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);

-- about: Variables with `@@` and without a scope are the next transaction's.
-- only: MariaDB
SET @@tx_read_only = 1;
-- text
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
SELECT COUNT(*) FROM tickets;
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
SET @@tx_isolation = 'SERIALIZABLE';
SELECT @@tx_isolation;
SELECT @@session.tx_isolation;
-- refused: 1235 such a value
SET @@tx_isolation = 'nothing';
BEGIN;
SET @@tx_isolation = 'READ-COMMITTED';
ROLLBACK;
SET @@tx_read_only = ON;
BEGIN;
-- text
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);
ROLLBACK;
UPDATE tickets SET weight = weight WHERE ticket_id IN (3, 4);

-- about: Servers hold names of savepoints equal whatever their case and accents: those of ShardGate's own are not to be had.
BEGIN;
SAVEPOINT shardgate;
-- refused: 1235 a savepoint of this name: its own begin like that
SAVEPOINT ShardGáte_Statement;
