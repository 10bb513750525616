-- about: XA by the client, on one shard
XA START 'one';
UPDATE users SET level = 60 WHERE user_id = 1;
SELECT level FROM users WHERE user_id = 1;
XA END 'one';
XA PREPARE 'one';
XA COMMIT 'one';
SELECT level FROM users WHERE user_id = 1;
UPDATE users SET level = 61 WHERE user_id IN (1, 2);

XA BEGIN 'two', 'b', 3;
INSERT INTO users (user_id, name) VALUES (1000002, 'gone');
XA END 'two', 'b', 3;
XA ROLLBACK 'two', 'b', 3;
SELECT COUNT(*) FROM users WHERE user_id = 1000002;

XA START x'616263';
UPDATE users SET level = 62 WHERE user_id = 3;
XA END 'abc';
XA COMMIT 'abc' ONE PHASE;
SELECT level FROM users WHERE user_id = 3;

-- about: out of turn
XA START 'three';
XA START 'four';
SELECT level FROM users WHERE user_id = 1;
BEGIN;
COMMIT;
ROLLBACK;
CREATE TABLE in_xa (a INT);
XA PREPARE 'three';
XA COMMIT 'three';
XA END 'nope';
XA END 'three';
XA ROLLBACK 'three';

XA COMMIT 'unknown';
XA ROLLBACK 'unknown';
XA END 'unknown';
XA PREPARE 'unknown';

BEGIN;
UPDATE users SET level = 63 WHERE user_id = 1;
XA START 'five';
ROLLBACK;

-- about: nothing was done in it
XA START 'six';
XA END 'six';
XA PREPARE 'six';
XA ROLLBACK 'six';
SELECT 1;

-- about: what reads no table does not say where the branch will be
XA START 'eight';
SELECT 1;
SET @level = 64;
SAVEPOINT one;
SELECT @level;
UPDATE users SET level = 64 WHERE user_id = 3;
SELECT @level;
UPDATE users SET level = 65 WHERE user_id = 3;
ROLLBACK TO one;
XA END 'eight';
XA COMMIT 'eight' ONE PHASE;
SELECT level FROM users WHERE user_id = 3;

-- natural key
XA START 'nine';
SELECT 1;
SELECT level FROM users WHERE user_id = 1;
SELECT 1;
-- refused: 1235 XA over several shards
UPDATE users SET level = 64 WHERE user_id = 3;

XA START 'ten';
SELECT 1;
XA END 'ten';
SELECT level FROM users WHERE user_id = 1;
UPDATE users SET level = 64 WHERE user_id = 3;
BEGIN;
XA ROLLBACK 'ten';

-- about: MySQL asks for a right
-- only: MariaDB
XA START 'seven';
XA END 'seven';
XA PREPARE 'seven';
XA RECOVER;
XA RECOVER FORMAT = 'SQL';
XA ROLLBACK 'seven';
XA RECOVER;

-- about: savepoints before the branch has begun anywhere
XA START 'eight';
SAVEPOINT a;
UPDATE users SET level = 99 WHERE user_id = 1;
ROLLBACK TO a;
XA END 'eight';
XA PREPARE 'eight';
XA COMMIT 'eight';
SELECT level FROM users WHERE user_id = 1;

-- about: DO is about no table.
XA START 'computed';
DO 1;
DO SLEEP(0), @x := 1;
UPDATE users SET level = 9 WHERE user_id = 6;
XA END 'computed';
XA ROLLBACK 'computed';
