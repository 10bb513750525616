-- about: One prepared statement, executed with values for different shards, of different types, and none.
-- params: 1
-- params: 2
-- params: 3
-- params: 4
-- params: 5
-- params: 999999
-- params: '6'
-- params: 7.0
-- params: NULL
-- params: 8e0
-- params: x'39'
-- ignore on MySQL: warnings
-- params: '10abc'
SELECT user_id, name FROM users WHERE user_id = ?;

-- about: In cases of their own: MySQL's answer depends on the types of the executions before.
-- params: 18446744073709551615
SELECT user_id, name FROM users WHERE user_id = ?;

-- params: 9223372036854775807
SELECT user_id, name FROM users WHERE user_id = ?;

-- unordered
-- params: 1, 2
-- params: 3, NULL
-- params: NULL, NULL
-- params: 4, 4
-- params: '5', 6.0
-- params: 999998, 999999
SELECT user_id, name FROM users WHERE user_id IN (?, ?);

-- about: Each shard warns of 'abc'.
-- ignore: warnings
-- params: 8, 0
-- params: 4, 100
-- params: 11, 'abc'
-- params: 12, NULL
SELECT order_id, total FROM orders WHERE user_id = ? AND total > ? ORDER BY order_id;

-- params: 8, 1
-- params: 8, 2
-- params: 4, 100
SELECT order_id FROM orders WHERE user_id = ? ORDER BY order_id LIMIT ?;

-- unordered
-- params: 'DE'
-- params: 'FR'
-- params: NULL
-- params: 'nowhere'
SELECT user_id, name FROM users WHERE country_code = ?;

-- params: 2000, 'a'
-- params: 2001, 'b'
-- params: 2002, NULL
-- params: 2000, 'again'
-- params: '2003', 'text key'
-- params: 2004.6, 'rounded'
INSERT INTO users (user_id, name) VALUES (?, ?);
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 2000 AND 2010;

-- params: 2100, 'a', 2101, 'b'
-- params: 2102, 'c', 2103, 'd'
-- params: 2104, 'e', 2100, 'taken'
INSERT INTO users (user_id, name) VALUES (?, ?), (?, ?);
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 2100 AND 2110;

-- params: 41, 1
-- params: 42, 2
-- params: 43, 999999
UPDATE users SET level = ? WHERE user_id = ?;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2);

BEGIN;
-- params: 51, 1
-- params: 52, 2
UPDATE users SET level = ? WHERE user_id = ?;
SELECT level FROM users WHERE user_id = 1;
ROLLBACK;
SELECT level FROM users WHERE user_id = 1;

-- params: 1
-- params: 2
-- params: 1
DELETE FROM orders WHERE user_id = ?;

-- params: 'alice'
-- params: 'Alice'
-- params: 'nobody'
-- params: x'626f62'
-- params: 42
-- unordered
SELECT login, attempts FROM logins WHERE login = ?;

-- params: 1, 'x', NULL, 1.5, 1e0, x'00ff'
SELECT ? AS i, ? AS t, ? AS n, ? AS d, ? AS f, ? AS b;

-- params: 3
SELECT u.*, o.* FROM users u JOIN orders o USING (user_id) WHERE u.user_id = ? ORDER BY o.order_id;

-- prepared
SELECT nope FROM users WHERE user_id = 1;

-- prepared
SELECT * FROM users WHERE user_id = 3;

-- about: Settings of the session reach a statement that was prepared by another one.
SET time_zone = '+09:00';
-- prepared
SELECT seen_at FROM users WHERE user_id = 1;
SET time_zone = '-03:00';
-- prepared
SELECT seen_at FROM users WHERE user_id = 1;

SET sql_mode = 'ANSI_QUOTES';
-- prepared
SELECT "name" FROM "users" WHERE "user_id" = 3;

SELECT "name" FROM users WHERE user_id = 3;

SET NAMES latin1;
-- params: 2
SELECT name FROM users WHERE user_id = ?;
