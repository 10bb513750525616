-- about: sql_select_limit, SQL_CALC_FOUND_ROWS and lists of shard keys, over several shards.
SET sql_select_limit = 3;
SELECT user_id, name FROM users ORDER BY user_id;
SELECT FOUND_ROWS();
SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY level DESC;
SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY COUNT(*), level;
SELECT COUNT(*), SUM(balance) FROM users;
SELECT DISTINCT level FROM users ORDER BY level;
SELECT user_id FROM users ORDER BY user_id LIMIT 5;
SELECT SQL_CALC_FOUND_ROWS user_id FROM users ORDER BY user_id DESC;
SELECT FOUND_ROWS();
SELECT level, COUNT(*) AS n FROM users GROUP BY level HAVING n > 1 ORDER BY level;
SELECT t.user_id FROM users t JOIN tickets k ON k.ticket_id = t.level ORDER BY t.user_id;
SELECT level FROM users UNION ALL SELECT quantity FROM orders ORDER BY level;
SET sql_select_limit = DEFAULT;
SELECT user_id FROM users ORDER BY user_id;

-- about: Which rows come first is open, how many is not.
SET sql_select_limit = 4;
SELECT COUNT(*) FROM (SELECT user_id FROM users) t;
SELECT 1 FROM users;
SELECT FOUND_ROWS();
SELECT 'x' FROM users WHERE user_id IN (1, 2, 3, 4, 5, 6, 7) FOR UPDATE;

SET sql_select_limit = 0;
SELECT user_id, name FROM users;
SELECT user_id, name FROM users LIMIT 0;

SET sql_select_limit = 18446744073709551615;
SELECT user_id FROM users ORDER BY user_id;

SELECT SQL_CALC_FOUND_ROWS user_id FROM users ORDER BY name, user_id LIMIT 2, 3;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS 'x' FROM users LIMIT 3;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS level, MAX(name) FROM users GROUP BY level ORDER BY 2 DESC, 1 LIMIT 2;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS name, COUNT(*) FROM users GROUP BY name ORDER BY name DESC LIMIT 1 OFFSET 1;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS DISTINCT country_code FROM users ORDER BY country_code LIMIT 3;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS COUNT(*) FROM users;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS user_id FROM orders GROUP BY user_id ORDER BY user_id LIMIT 2;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS level, SUM(balance) AS s FROM users GROUP BY level HAVING s > 10 ORDER BY level LIMIT 1;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS user_id FROM users WHERE user_id < 0 ORDER BY user_id LIMIT 10 OFFSET 20;
SELECT FOUND_ROWS();
SELECT SQL_CALC_FOUND_ROWS user_id FROM users ORDER BY user_id LIMIT 1;
SHOW WARNINGS;

BEGIN;
SELECT SQL_CALC_FOUND_ROWS user_id FROM users ORDER BY user_id LIMIT 1;
SELECT FOUND_ROWS();
COMMIT;

-- unordered
SELECT user_id, name FROM users WHERE user_id IN (1, 2, 3, 4, 5, 42, 77777, -7);

SELECT user_id FROM users WHERE user_id IN (1, 2, NULL, 3) ORDER BY user_id;

SELECT user_id FROM users WHERE user_id IN (1, 2, 3) AND (user_id IN (2, 3, 4) OR level IN (1, 2)) ORDER BY user_id DESC LIMIT 2;

-- params: 1, 2, 3, 2
-- params: 2, 2, 2, 1
-- params: 100, NULL, 42, 9
-- params: '4', '6', '3', 2
SELECT user_id, level FROM users WHERE user_id IN (?, ?, ?) AND user_id > 0 ORDER BY user_id LIMIT ?;

-- unordered
-- params: 1, 2, 3, 7
SELECT user_id, level FROM users WHERE level < 5 AND user_id IN (?, ?, 4, ?, ?);

-- params: 1, 2, 3, 7
SELECT u.level, COUNT(*), SUM(o.total) FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id IN (?, ?, ?, ?) GROUP BY u.level HAVING COUNT(*) > 0 ORDER BY 1;

SELECT user_id, order_id FROM orders WHERE (order_id, user_id) IN ((1, 3), (2, 3), (1, 4), (2, 7)) ORDER BY 1, 2;

-- unordered
SELECT login FROM logins WHERE login IN ('ada', 'bob', 'zoe', 'Eve');

UPDATE users SET level = level + 1 WHERE user_id IN (1, 2, 3, 4, 5, 99999);
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4, 5) ORDER BY user_id;

-- params: 1, 2, 3, 7
UPDATE users SET level = 9 WHERE user_id IN (?, ?, ?, ?);
SELECT user_id, level FROM users WHERE level = 9 ORDER BY user_id;

DELETE FROM order_items WHERE user_id IN (3, 4, 7, 8) AND item_no = 1;
SELECT COUNT(*) FROM order_items;
