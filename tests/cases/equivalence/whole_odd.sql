-- about: Odd semi-joins on the shard key, windows by it, and what looks like them and is not.
SELECT u.user_id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND o.total > (SELECT AVG(o2.total) FROM orders o2 WHERE o2.user_id = u.user_id)) ORDER BY 1;

SELECT u.user_id FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.order_id WHERE o.user_id = u.user_id) ORDER BY 1;

SELECT user_id FROM users WHERE user_id = ANY (SELECT user_id FROM orders WHERE quantity > 2) ORDER BY 1 DESC;

SELECT user_id FROM users WHERE user_id <> ALL (SELECT user_id FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE user_id + 0 IN (SELECT user_id FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id + 1 FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE user_id IN (SELECT order_id FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE (user_id, 1) IN (SELECT user_id, order_id FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders UNION ALL SELECT user_id FROM order_items) ORDER BY 1;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE user_id IN (SELECT user_id FROM order_items WHERE price > 10)) ORDER BY 1;

SELECT user_id FROM users u WHERE user_id IN (SELECT o.user_id FROM orders o WHERE o.quantity < u.level) ORDER BY 1;

SELECT user_id FROM users u WHERE 2 < (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id) ORDER BY 1;

SELECT user_id, (SELECT MAX(total) FROM orders o WHERE o.user_id = u.user_id) AS best FROM users u ORDER BY best DESC, user_id LIMIT 5;

SELECT user_id, (SELECT o.total FROM orders o WHERE o.user_id = u.user_id ORDER BY o.total DESC, o.order_id LIMIT 1) AS best FROM users u ORDER BY user_id;

SELECT COUNT(*) FROM users WHERE user_id IN (SELECT user_id FROM orders GROUP BY user_id HAVING COUNT(*) = 1);

SELECT COUNT(*) FROM users WHERE user_id IN (SELECT MIN(user_id) FROM orders GROUP BY status);

SELECT level, COUNT(*) FROM users WHERE user_id NOT IN (SELECT user_id FROM orders WHERE user_id IS NOT NULL) GROUP BY level ORDER BY level;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders) AND user_id IN (SELECT user_id FROM order_items) OR user_id < 0 ORDER BY 1;

SELECT o.user_id, o.order_id FROM orders o WHERE o.total = (SELECT MAX(p.total) FROM orders p WHERE p.user_id = o.user_id) ORDER BY 1, 2;

SELECT o.user_id, o.order_id FROM orders o WHERE o.total >= ALL (SELECT p.total FROM orders p WHERE p.user_id = o.user_id) ORDER BY 1, 2;

SELECT user_id, order_id, LAG(total, 1) OVER (PARTITION BY user_id ORDER BY order_id) AS before_it FROM orders ORDER BY user_id, order_id;

SELECT user_id, order_id, FIRST_VALUE(status) OVER (PARTITION BY status, user_id ORDER BY order_id) AS f, NTILE(2) OVER (PARTITION BY user_id ORDER BY order_id) AS n FROM orders ORDER BY 1, 2;

SELECT user_id, order_id, SUM(quantity) OVER (PARTITION BY user_id ORDER BY order_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM orders ORDER BY 1, 2 LIMIT 6;

SELECT user_id, order_id, COUNT(*) OVER (PARTITION BY user_id + 0) AS n FROM orders ORDER BY 1, 2;

SELECT user_id, order_id, COUNT(*) OVER (PARTITION BY user_id) AS n, COUNT(*) OVER () AS all_of_them FROM orders ORDER BY 1, 2;

SELECT DISTINCT user_id, COUNT(*) OVER (PARTITION BY user_id) AS n FROM orders ORDER BY n DESC, user_id;

SELECT user_id, n FROM (SELECT user_id, order_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY total) AS n FROM orders) t WHERE n = 2 ORDER BY user_id;

SELECT u.user_id, SUM(o.total) OVER (PARTITION BY o.user_id ORDER BY o.order_id) AS running FROM users u LEFT JOIN orders o ON o.user_id = u.user_id ORDER BY u.user_id, running;

SELECT user_id, status, COUNT(*), RANK() OVER (PARTITION BY user_id ORDER BY COUNT(*) DESC, status) AS r FROM orders GROUP BY user_id, status ORDER BY 1, 4, 2;

SELECT user_id, SUM(total) AS s, DENSE_RANK() OVER (ORDER BY SUM(total) DESC) AS r FROM orders GROUP BY user_id HAVING s > 100 ORDER BY r, user_id LIMIT 4;

WITH w AS (SELECT user_id, order_id, total, SUM(total) OVER (PARTITION BY user_id) AS whole FROM orders) SELECT user_id, order_id, ROUND(total / whole, 4) AS share FROM w WHERE whole > 200 ORDER BY share DESC, user_id, order_id;

-- params: 2
-- params: 9
SELECT user_id, n FROM (SELECT user_id, COUNT(*) OVER (PARTITION BY user_id) AS n FROM orders) t WHERE user_id IN (SELECT user_id FROM users WHERE level < ?) ORDER BY user_id, n;

-- about: a bare name that two tables have means the select item of that name
-- unordered
SELECT o.user_id, COUNT(*) FROM users JOIN tickets o2 ON users.user_id = o2.ticket_id JOIN orders o ON o.user_id = users.level GROUP BY user_id;
-- unordered
SELECT orders.user_id, COUNT(*) OVER (PARTITION BY user_id) FROM users JOIN orders ON users.user_id = orders.product_id;
-- unordered
SELECT u.user_id, COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id;
-- unordered
SELECT o.user_id, COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id HAVING COUNT(*) > 2;
-- unordered
SELECT (o.user_id), COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id;
-- unordered
SELECT o.*, COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id;
-- unordered
SELECT u.user_id, COUNT(*) FROM users u RIGHT JOIN orders o USING (user_id) GROUP BY user_id;
-- unordered
SELECT o.product_id AS user_id, COUNT(*) OVER (PARTITION BY user_id) FROM users u JOIN orders o ON u.user_id = o.user_id;
SELECT COUNT(*) FROM (SELECT o.user_id, COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id) d;

-- about: a string that is selected is called by what is in it
SELECT 'level', user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
SELECT "name", user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
SELECT "level", user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
-- ignore on MySQL: warnings
SELECT N'level', user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
SELECT _utf8mb4'level', user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
SELECT level, 'level', user_id FROM users ORDER BY level DESC, user_id LIMIT 3;
SELECT 'user_id', COUNT(*) FROM users u JOIN orders o ON o.product_id = u.user_id GROUP BY user_id;

-- about: a qualified name is no alias
SELECT DISTINCT level + 0 AS name, name AS level FROM users ORDER BY users.level, level LIMIT 9;

SELECT level, 'level' FROM users ORDER BY level DESC, user_id LIMIT 2;

-- about: an alias behind the text of a date
SELECT DATE '2020-01-01' 'level', user_id FROM users ORDER BY level DESC, user_id LIMIT 3;

-- about: a column of GROUP BY in parentheses is what HAVING means
SELECT MAX(user_id) AS level FROM users GROUP BY (level) HAVING level > 2 ORDER BY 1;
SELECT MAX(level) AS user_id, COUNT(*) FROM users GROUP BY (user_id) HAVING user_id > 4 ORDER BY MIN(users.user_id);

-- about: a place that no select item has
SELECT user_id, name FROM users ORDER BY name, 4;
SELECT user_id, name FROM users ORDER BY name, 3;
SELECT user_id FROM users ORDER BY name, 2;
SELECT DISTINCT name FROM users ORDER BY 1, 2;

-- about: a random value is made once
SELECT COUNT(DISTINCT r.user_id) FROM orders JOIN (SELECT CAST(1 + RAND() * 4 AS SIGNED) AS user_id) r WHERE orders.product_id > 0;
SELECT COUNT(DISTINCT d.x) FROM users, (SELECT DISTINCT UUID() AS x) d;
SELECT COUNT(DISTINCT d.x) FROM users, (SELECT MAX(RAND()) AS x FROM countries) d;
WITH r AS (SELECT code FROM countries ORDER BY RAND() LIMIT 1) SELECT COUNT(DISTINCT r.code) FROM users, r;
SELECT COUNT(*) FROM (SELECT UUID() AS x UNION SELECT country_code FROM users) d;
