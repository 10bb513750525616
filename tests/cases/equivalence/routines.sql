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
