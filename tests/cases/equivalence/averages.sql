-- about: Averages that are compared have more digits than they show, by whatever name they are meant.
SELECT status, AVG(quantity) FROM orders GROUP BY status HAVING AVG(quantity) > 2.0 ORDER BY status;

SELECT level, COUNT(*) AS n, AVG(level * 10 + user_id % 3) AS a FROM users GROUP BY level HAVING a > 10 ORDER BY a DESC, level;

SELECT MOD(order_id, 7) AS r, AVG(quantity) AS a FROM orders GROUP BY r HAVING a <> ROUND(a, 4) ORDER BY r;

SELECT MOD(order_id, 7) AS r, AVG(total) AS a FROM orders GROUP BY r HAVING a * 1000000 > 1 AND AVG(total) < 100000 ORDER BY r;

SELECT MOD(order_id, 3) AS r, AVG(total) FROM orders GROUP BY r ORDER BY AVG(total) DESC, r LIMIT 2;

SELECT MOD(order_id, 3) AS r, AVG(total) AS a, AVG(quantity) AS b FROM orders GROUP BY r HAVING a > b ORDER BY 3, r;

SELECT level, AVG(score) AS a FROM users GROUP BY level HAVING a > 20 ORDER BY level;

-- params: 1.5
SELECT status, AVG(quantity) AS a FROM orders GROUP BY status HAVING a > ? AND COUNT(*) > 1 ORDER BY a, status;

SELECT AVG(quantity) AS a FROM orders WHERE user_id < -99 HAVING a IS NULL;

-- about: The alias of an average is a column as well.
SELECT status, AVG(total) AS total FROM orders GROUP BY status HAVING total > 10 ORDER BY status;

-- about: How many decimals a parameter brings shows in no definition.
-- params: -100.25
SELECT AVG(? + level) FROM users;

-- params: 999.99
SELECT AVG(? / NULLIF(level, 0)), COUNT(*) FROM users;

-- params: 999.99, 0.5
SELECT level, AVG(? / (user_id + ?)) AS a FROM users GROUP BY level ORDER BY level;

-- params: 999.99
SELECT level, AVG(? + user_id) + 1 AS a FROM users GROUP BY level HAVING COUNT(*) > 1 ORDER BY level;

-- about: Servers compute decimals nine by nine: an average that shows all of those is cut, another one is rounded.
SELECT AVG(CAST(quantity / 7 AS DECIMAL(12,5))), AVG(CAST(total / 7 AS DECIMAL(20,14))), AVG(CAST(total / 7 AS DECIMAL(20,4))) FROM orders;

SELECT status, AVG(CAST(total / 7 AS DECIMAL(12,5))) AS a, AVG(CAST(total AS DECIMAL(30,23))) FROM orders GROUP BY status ORDER BY a DESC;

SET div_precision_increment = 0;
SELECT AVG(quantity), AVG(total), AVG(quantity * 3) FROM orders;
SELECT status, AVG(quantity) AS a FROM orders GROUP BY status HAVING a > 2.0 ORDER BY status;

SET div_precision_increment = 9;
SELECT AVG(quantity), AVG(total), AVG(quantity * 3) FROM orders;
SELECT status, AVG(quantity) AS a, COUNT(DISTINCT user_id) FROM orders GROUP BY status HAVING a > 1.75000001 ORDER BY status;
SELECT MOD(order_id, 7) AS r, AVG(quantity) AS a FROM orders GROUP BY r HAVING a <> ROUND(a, 9) ORDER BY r;
SELECT MOD(order_id, 7) AS r, AVG(quantity) AS a FROM orders GROUP BY r HAVING a * 3000000000 <> ROUND(a * 3000000000) ORDER BY r;

-- only: MySQL
SELECT /*+ SET_VAR(div_precision_increment = 9) */ MOD(order_id, 7) AS r, AVG(quantity) AS a FROM orders GROUP BY r HAVING a <> ROUND(a, 9) ORDER BY r;
