-- about: functions that are about no table run wherever they are called
CREATE FUNCTION twice(n BIGINT) RETURNS BIGINT DETERMINISTIC NO SQL RETURN n * 2;
SELECT twice(4);
SELECT user_id, twice(level) FROM users WHERE user_id = 1;
SELECT user_id, twice(level) FROM users WHERE user_id = 2;
SELECT user_id, twice(level) FROM users WHERE user_id = 3;
SELECT user_id, twice(level) AS t FROM users WHERE twice(level) > 6 ORDER BY t, user_id;
SELECT twice(level) AS t, COUNT(*), SUM(twice(level)) FROM users GROUP BY t ORDER BY t;
UPDATE users SET level = twice(level) WHERE user_id = 5;
UPDATE users SET level = twice(level) WHERE user_id IN (6, 7, 8, 9);
UPDATE users SET level = twice(level) WHERE twice(level) = 4;
INSERT INTO users (user_id, name) VALUES (twice(3000), 'six thousand'), (6001, 'and one');
DELETE FROM users WHERE user_id = twice(3000);
-- ignore: rows
SHOW FUNCTION STATUS LIKE 'twice';
SELECT routine_name, routine_type, routine_schema FROM information_schema.routines WHERE routine_schema = 'shop';
CREATE FUNCTION twice(n BIGINT) RETURNS BIGINT DETERMINISTIC NO SQL RETURN n * 2;
CREATE FUNCTION IF NOT EXISTS twice(n BIGINT) RETURNS BIGINT DETERMINISTIC NO SQL RETURN n * 3;
ALTER FUNCTION shop.twice COMMENT 'doubles';
DROP FUNCTION twice;
SELECT user_id, twice(level) FROM users WHERE user_id = 2;
DROP FUNCTION twice;
DROP FUNCTION IF EXISTS twice;
SHOW WARNINGS;

-- about: functions and procedures that read reference tables
CREATE FUNCTION country(c CHAR(2)) RETURNS VARCHAR(50) CHARACTER SET utf8mb4 READS SQL DATA BEGIN DECLARE n VARCHAR(50) CHARACTER SET utf8mb4; SELECT name INTO n FROM countries WHERE code = c; RETURN n; END;
SELECT user_id, country(country_code) FROM users WHERE user_id = 2;
SELECT user_id, country(country_code) FROM users WHERE user_id = 3;
SELECT user_id, country(country_code) AS c FROM users ORDER BY c, user_id;
DROP FUNCTION country;
CREATE PROCEDURE codes(IN least INT) SELECT code FROM shop.countries WHERE LENGTH(name) >= least ORDER BY code;
CALL codes(7);
DROP PROCEDURE codes;

-- about: each shard's would see its own rows
-- refused: 1235 a stored routine about 'orders'
CREATE FUNCTION orders_of(u BIGINT) RETURNS BIGINT READS SQL DATA RETURN (SELECT COUNT(*) FROM orders WHERE user_id = u);

-- about: functions that are called by their database
CREATE FUNCTION shop.thrice(n BIGINT) RETURNS BIGINT DETERMINISTIC NO SQL RETURN n * 3;
SELECT shop.thrice(4);
SELECT user_id, `shop`.thrice(level) AS t FROM users WHERE user_id = 3;
SELECT user_id, shop.thrice(level) AS t FROM users WHERE level > 3 ORDER BY t, user_id;
INSERT INTO users (user_id, name, level) VALUES (shop.thrice(3000), 'nine thousand', shop.thrice(2));
SELECT user_id, level FROM users WHERE user_id = 9000;
DROP FUNCTION shop.thrice;

-- about: a time that was set outlives a write that fails
SET timestamp = 1700000000;
INSERT INTO users (user_id, name) VALUES (5170, 'a'), (1, 'b'), (5180, 'c'), (5190, 'd');
SELECT @@timestamp, NOW() = FROM_UNIXTIME(1700000000);
UPDATE users SET name = 'x', user_id = 2 WHERE user_id IN (1, 3);
SELECT @@timestamp, NOW() = FROM_UNIXTIME(1700000000);

CREATE PROCEDURE puts(OUT a INT) SET a = 1;
CALL puts(7);
DROP PROCEDURE puts;

-- about: all routines of a database are shown
CREATE FUNCTION first_one(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN x;
CREATE FUNCTION second_one(x INT, y VARCHAR(9)) RETURNS INT DETERMINISTIC NO SQL RETURN x * 2;
CREATE PROCEDURE third_one(IN a INT, OUT b INT) SET b = a;
CREATE PROCEDURE fourth_one() DO 1;
SELECT routine_name, routine_type, specific_name FROM information_schema.routines WHERE routine_schema = 'shop' ORDER BY 1;
SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = 'second_one';
SELECT specific_name, ordinal_position, parameter_mode, parameter_name, data_type FROM information_schema.parameters WHERE specific_schema = 'shop' ORDER BY 1, 2;
SELECT routine_type, COUNT(*) FROM information_schema.routines WHERE routine_schema = 'shop' GROUP BY 1 ORDER BY 1;
-- ignore: rows
SHOW FUNCTION STATUS WHERE Db = 'shop';
DROP FUNCTION first_one;
SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'shop' ORDER BY 1;
DROP FUNCTION second_one;
DROP PROCEDURE third_one;
DROP PROCEDURE fourth_one;

-- about: A procedure may end the transaction of all shards.
CREATE PROCEDURE commits() BEGIN COMMIT; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5310, 'a'), (5311, 'b'), (5312, 'c'), (5313, 'd');
CALL commits();
UPDATE users SET level = 7 WHERE user_id IN (5310, 5313);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5310 AND 5313 ORDER BY user_id;
DROP PROCEDURE commits;

CREATE PROCEDURE commits() BEGIN COMMIT; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5320, 'a'), (5321, 'b'), (5322, 'c'), (5323, 'd');
CALL commits();
UPDATE users SET level = 7 WHERE user_id IN (5320, 5323);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5320 AND 5323 ORDER BY user_id;
DROP PROCEDURE commits;

CREATE PROCEDURE rolls_back() BEGIN ROLLBACK; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5330, 'a'), (5331, 'b'), (5332, 'c'), (5333, 'd');
CALL rolls_back();
UPDATE users SET level = 7 WHERE user_id IN (5330, 5333);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5330 AND 5333 ORDER BY user_id;
DROP PROCEDURE rolls_back;

CREATE PROCEDURE rolls_back() BEGIN ROLLBACK; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5340, 'a'), (5341, 'b'), (5342, 'c'), (5343, 'd');
CALL rolls_back();
UPDATE users SET level = 7 WHERE user_id IN (5340, 5343);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5340 AND 5343 ORDER BY user_id;
DROP PROCEDURE rolls_back;

CREATE PROCEDURE begins() BEGIN START TRANSACTION; INSERT INTO settings (id, name) VALUES (952, 'within'); COMMIT; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5350, 'a'), (5351, 'b'), (5352, 'c'), (5353, 'd');
CALL begins();
UPDATE users SET level = 7 WHERE user_id IN (5350, 5353);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5350 AND 5353 ORDER BY user_id;
DROP PROCEDURE begins;

CREATE PROCEDURE begins() BEGIN START TRANSACTION; INSERT INTO settings (id, name) VALUES (952, 'within'); COMMIT; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5360, 'a'), (5361, 'b'), (5362, 'c'), (5363, 'd');
CALL begins();
UPDATE users SET level = 7 WHERE user_id IN (5360, 5363);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5360 AND 5363 ORDER BY user_id;
DROP PROCEDURE begins;

CREATE PROCEDURE fails_as_usual() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; START TRANSACTION; INSERT INTO settings (id, name) VALUES (953, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5370, 'a'), (5371, 'b'), (5372, 'c'), (5373, 'd');
CALL fails_as_usual();
UPDATE users SET level = 7 WHERE user_id IN (5370, 5373);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5370 AND 5373 ORDER BY user_id;
DROP PROCEDURE fails_as_usual;

CREATE PROCEDURE fails_as_usual() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; START TRANSACTION; INSERT INTO settings (id, name) VALUES (953, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5380, 'a'), (5381, 'b'), (5382, 'c'), (5383, 'd');
CALL fails_as_usual();
UPDATE users SET level = 7 WHERE user_id IN (5380, 5383);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5380 AND 5383 ORDER BY user_id;
DROP PROCEDURE fails_as_usual;

CREATE PROCEDURE hides_its_failure() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; INSERT INTO settings (id, name) VALUES (954, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5390, 'a'), (5391, 'b'), (5392, 'c'), (5393, 'd');
CALL hides_its_failure();
UPDATE users SET level = 7 WHERE user_id IN (5390, 5393);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5390 AND 5393 ORDER BY user_id;
DROP PROCEDURE hides_its_failure;

CREATE PROCEDURE hides_its_failure() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; INSERT INTO settings (id, name) VALUES (954, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5400, 'a'), (5401, 'b'), (5402, 'c'), (5403, 'd');
CALL hides_its_failure();
UPDATE users SET level = 7 WHERE user_id IN (5400, 5403);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5400 AND 5403 ORDER BY user_id;
DROP PROCEDURE hides_its_failure;

CREATE PROCEDURE rolls_back_and_fails() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; INSERT INTO settings (id, name) VALUES (955, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5410, 'a'), (5411, 'b'), (5412, 'c'), (5413, 'd');
CALL rolls_back_and_fails();
UPDATE users SET level = 7 WHERE user_id IN (5410, 5413);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5410 AND 5413 ORDER BY user_id;
DROP PROCEDURE rolls_back_and_fails;

CREATE PROCEDURE rolls_back_and_fails() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; INSERT INTO settings (id, name) VALUES (955, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5420, 'a'), (5421, 'b'), (5422, 'c'), (5423, 'd');
CALL rolls_back_and_fails();
UPDATE users SET level = 7 WHERE user_id IN (5420, 5423);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5420 AND 5423 ORDER BY user_id;
DROP PROCEDURE rolls_back_and_fails;

CREATE PROCEDURE begins_and_leaves() BEGIN START TRANSACTION; INSERT INTO settings (id, name) VALUES (956, 'within'); END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5430, 'a'), (5431, 'b'), (5432, 'c'), (5433, 'd');
CALL begins_and_leaves();
UPDATE users SET level = 7 WHERE user_id IN (5430, 5433);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5430 AND 5433 ORDER BY user_id;
DROP PROCEDURE begins_and_leaves;

CREATE PROCEDURE begins_and_leaves() BEGIN START TRANSACTION; INSERT INTO settings (id, name) VALUES (956, 'within'); END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5440, 'a'), (5441, 'b'), (5442, 'c'), (5443, 'd');
CALL begins_and_leaves();
UPDATE users SET level = 7 WHERE user_id IN (5440, 5443);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5440 AND 5443 ORDER BY user_id;
DROP PROCEDURE begins_and_leaves;

CREATE PROCEDURE goes_on() BEGIN INSERT INTO settings (id, name) VALUES (957, 'within'); END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5450, 'a'), (5451, 'b'), (5452, 'c'), (5453, 'd');
CALL goes_on();
UPDATE users SET level = 7 WHERE user_id IN (5450, 5453);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5450 AND 5453 ORDER BY user_id;
DROP PROCEDURE goes_on;

CREATE PROCEDURE goes_on() BEGIN INSERT INTO settings (id, name) VALUES (957, 'within'); END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5460, 'a'), (5461, 'b'), (5462, 'c'), (5463, 'd');
CALL goes_on();
UPDATE users SET level = 7 WHERE user_id IN (5460, 5463);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5460 AND 5463 ORDER BY user_id;
DROP PROCEDURE goes_on;

CREATE PROCEDURE only_fails() BEGIN INSERT INTO settings (id, name) VALUES (958, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5470, 'a'), (5471, 'b'), (5472, 'c'), (5473, 'd');
CALL only_fails();
UPDATE users SET level = 7 WHERE user_id IN (5470, 5473);
ROLLBACK;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5470 AND 5473 ORDER BY user_id;
DROP PROCEDURE only_fails;

CREATE PROCEDURE only_fails() BEGIN INSERT INTO settings (id, name) VALUES (958, 'within'); SIGNAL SQLSTATE '45000'; END;
BEGIN;
INSERT INTO settings (id, name) VALUES (951, 'before');
INSERT INTO users (user_id, name) VALUES (5480, 'a'), (5481, 'b'), (5482, 'c'), (5483, 'd');
CALL only_fails();
UPDATE users SET level = 7 WHERE user_id IN (5480, 5483);
COMMIT;
SELECT id, name FROM settings WHERE id > 950 ORDER BY id;
SELECT user_id, level FROM users WHERE user_id BETWEEN 5480 AND 5483 ORDER BY user_id;
DROP PROCEDURE only_fails;

-- about: What a procedure has committed was the client's transaction: what follows commits by itself.
CREATE PROCEDURE commits() COMMIT;
CREATE PROCEDURE rolls_back() ROLLBACK;
BEGIN;
INSERT INTO settings (id, name) VALUES (961, 'before');
CALL commits();
INSERT INTO settings (id, name) VALUES (962, 'behind');
ROLLBACK;
BEGIN;
INSERT INTO settings (id, name) VALUES (963, 'before');
CALL rolls_back();
INSERT INTO settings (id, name) VALUES (964, 'behind');
ROLLBACK;
SELECT id, name FROM settings WHERE id > 960 ORDER BY id;
DROP PROCEDURE commits;
DROP PROCEDURE rolls_back;
