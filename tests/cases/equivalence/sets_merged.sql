-- about: Set operations that shards answer, and what they come to when their columns are of different types.
-- unordered
SELECT user_id, name FROM users UNION ALL SELECT user_id, status FROM orders;

-- unordered
SELECT user_id FROM users UNION ALL SELECT total FROM orders;

SELECT user_id, name FROM users UNION ALL SELECT user_id, status FROM orders ORDER BY name, user_id DESC;

SELECT balance AS v FROM users UNION ALL SELECT total FROM orders ORDER BY v DESC LIMIT 7 OFFSET 3;

SELECT balance AS v, 'u' FROM users UNION ALL SELECT score, 'score' FROM users ORDER BY 1, 2;

SELECT name FROM users UNION SELECT email FROM users ORDER BY 1;

SELECT email AS e FROM users UNION SELECT name FROM users ORDER BY e DESC LIMIT 5;

SELECT country_code FROM users UNION SELECT code FROM countries ORDER BY country_code;

SELECT born FROM users UNION SELECT placed_at FROM orders ORDER BY 1;

SELECT born, alarm FROM users UNION SELECT NULL, NULL ORDER BY 1, 2 DESC;

SELECT flags FROM users UNION SELECT level FROM users ORDER BY 1;

SELECT mood FROM users UNION SELECT status FROM orders ORDER BY 1;

SELECT mood FROM users UNION ALL SELECT mood FROM users ORDER BY mood;

SELECT tags FROM users UNION SELECT tags FROM users ORDER BY 1;

SELECT rating FROM users UNION SELECT rating FROM users ORDER BY 1;

SELECT seen_at FROM users UNION ALL SELECT seen_at FROM users ORDER BY 1;

SELECT avatar FROM users UNION SELECT avatar FROM users ORDER BY avatar;

SELECT bio FROM users UNION SELECT bio FROM users ORDER BY bio LIMIT 4;

-- unordered
SELECT level FROM users UNION SELECT quantity FROM orders;

SELECT level, quantity FROM users u JOIN orders o USING (user_id) UNION SELECT 1, 2 ORDER BY 1 DESC, 2;

SELECT * FROM orders UNION SELECT * FROM orders ORDER BY user_id, order_id LIMIT 6;

SELECT o.*, 1 FROM orders o UNION ALL SELECT o.*, 2 FROM orders o ORDER BY 1, 2, 8 LIMIT 9;

-- unordered
SELECT 'a' AS x, 1 AS n UNION ALL SELECT name, level FROM users UNION ALL SELECT title, product_id FROM products;

SELECT 'a' AS x, 1 AS n UNION ALL SELECT name, level FROM users UNION ALL SELECT title, product_id FROM products ORDER BY n, x LIMIT 12;

-- unordered
SELECT user_id FROM users INTERSECT SELECT user_id FROM orders;

-- unordered
SELECT user_id, level FROM users EXCEPT SELECT user_id, quantity FROM orders;

SELECT user_id FROM users WHERE user_id < 20 EXCEPT SELECT product_id FROM products ORDER BY 1 DESC;

SELECT user_id FROM users INTERSECT SELECT product_id FROM products ORDER BY 1;

SELECT user_id FROM orders UNION SELECT user_id FROM users INTERSECT SELECT user_id FROM order_items ORDER BY 1;

-- unordered
(SELECT user_id, name FROM users);

(SELECT user_id, name FROM users) ORDER BY name DESC, user_id LIMIT 3;

(SELECT user_id FROM users) UNION ALL (SELECT user_id FROM orders) ORDER BY user_id LIMIT 3 OFFSET 4;

SELECT user_id FROM users UNION ALL (SELECT ticket_id FROM tickets UNION ALL SELECT level FROM users) ORDER BY 1;

SELECT user_id, user_id FROM users UNION ALL SELECT 1, 2 ORDER BY 1, 2;

SELECT user_id AS a, level AS a FROM users UNION ALL SELECT 1, 2 ORDER BY 2, 1;

-- params: 3, 4, 5
-- params: NULL, 0, 100
SELECT user_id FROM users WHERE level = ? UNION ALL SELECT user_id FROM orders WHERE quantity = ? ORDER BY user_id LIMIT ?;

-- unordered
-- params: 3, 'x'
SELECT user_id, name FROM users WHERE level = ? UNION ALL SELECT user_id, ? FROM orders;

-- params: 1, 'x'
SELECT level, name FROM users UNION SELECT ?, ? ORDER BY 1, 2 DESC LIMIT 8;

SELECT COUNT(*), MIN(id), SUM(id) FROM (SELECT level AS id FROM users UNION ALL SELECT quantity FROM orders) t;

SELECT id, COUNT(*) FROM (SELECT level AS id FROM users UNION ALL SELECT quantity FROM orders) t GROUP BY id ORDER BY id;

SELECT id, COUNT(*) AS n FROM (SELECT level AS id FROM users UNION ALL SELECT quantity FROM orders) t GROUP BY id HAVING n > 2 ORDER BY n, id;

SELECT DISTINCT id FROM (SELECT level AS id FROM users UNION ALL SELECT quantity FROM orders) t WHERE id > 1 ORDER BY id DESC LIMIT 3;

SELECT t.id, p.title FROM (SELECT level AS id FROM users UNION ALL SELECT quantity FROM orders) t JOIN products p ON p.product_id = t.id ORDER BY 1, 2;

SELECT * FROM (SELECT user_id, name FROM users WHERE user_id = 1 UNION ALL SELECT user_id, status FROM orders WHERE user_id = 8) t ORDER BY 1, 2;

WITH t AS (SELECT user_id AS id FROM users UNION ALL SELECT user_id FROM orders) SELECT COUNT(*) FROM t;

WITH t AS (SELECT user_id AS id FROM users) SELECT id FROM t UNION ALL SELECT id FROM t ORDER BY id LIMIT 5;

WITH t AS (SELECT level AS id FROM users) SELECT id FROM t UNION SELECT 3 ORDER BY id;

-- error-only
SELECT user_id FROM users UNION SELECT level FROM users ORDER BY nothing;

-- error-only
SELECT user_id FROM users UNION ALL SELECT level FROM users ORDER BY 7;

-- error-only
SELECT user_id FROM users UNION ALL SELECT no_such FROM users ORDER BY 1;

SELECT user_id FROM users UNION ALL SELECT level FROM users ORDER BY 1 LIMIT 0;

BEGIN;
UPDATE users SET level = 77 WHERE user_id IN (1, 2, 3, 4);
SELECT level FROM users UNION SELECT quantity FROM orders ORDER BY 1 DESC LIMIT 2;
SELECT COUNT(*) FROM (SELECT level FROM users UNION ALL SELECT level FROM users) t WHERE level = 77;
ROLLBACK;

SET sql_select_limit = 2;
SELECT level FROM users UNION SELECT quantity FROM orders ORDER BY 1;
SELECT user_id FROM users UNION ALL SELECT user_id FROM orders ORDER BY 1;

SELECT level FROM users UNION SELECT quantity FROM orders ORDER BY 1;
SELECT FOUND_ROWS();
