-- about: UNION, INTERSECT and EXCEPT whose sides are on several shards.
-- unordered
SELECT user_id FROM users UNION ALL SELECT ticket_id FROM tickets;

-- unordered
SELECT user_id FROM users UNION SELECT user_id FROM orders;

SELECT level FROM users UNION SELECT quantity FROM orders ORDER BY 1;

SELECT level AS n, 'user' AS what FROM users UNION SELECT quantity, 'order' FROM orders ORDER BY what, n DESC;

SELECT product_id FROM orders INTERSECT SELECT product_id FROM products ORDER BY product_id;

SELECT product_id FROM products EXCEPT SELECT product_id FROM orders WHERE total > 300 ORDER BY 1;

SELECT user_id FROM users EXCEPT SELECT user_id FROM orders ORDER BY user_id;

SELECT user_id FROM users INTERSECT SELECT user_id FROM orders ORDER BY user_id DESC LIMIT 5;

SELECT user_id FROM orders INTERSECT ALL SELECT user_id FROM order_items ORDER BY 1;

SELECT user_id FROM orders EXCEPT ALL SELECT user_id FROM order_items ORDER BY 1;

SELECT 1 UNION ALL SELECT level FROM users WHERE user_id = 1 UNION ALL SELECT COUNT(*) FROM users ORDER BY 1;

(SELECT user_id FROM users ORDER BY user_id LIMIT 3) UNION ALL (SELECT ticket_id FROM tickets ORDER BY ticket_id DESC LIMIT 2) ORDER BY 1;

(SELECT user_id, name FROM users ORDER BY name, user_id LIMIT 2) UNION (SELECT user_id, name FROM users ORDER BY user_id LIMIT 2) ORDER BY 1;

SELECT level FROM users UNION SELECT quantity FROM orders UNION ALL SELECT attempts FROM logins ORDER BY 1;

SELECT level FROM users UNION ALL (SELECT quantity FROM orders EXCEPT SELECT attempts FROM logins) ORDER BY 1;

SELECT COUNT(*) FROM users UNION ALL SELECT COUNT(*) FROM orders UNION ALL SELECT COUNT(*) FROM order_items;

SELECT 'users' AS t, COUNT(*) AS n FROM users UNION ALL SELECT 'orders', COUNT(*) FROM orders ORDER BY t;

SELECT tiny FROM samples UNION SELECT small FROM samples UNION SELECT amount FROM samples ORDER BY 1;

SELECT day FROM samples UNION SELECT at FROM samples ORDER BY 1;

-- unordered
SELECT single FROM samples UNION ALL SELECT huge FROM samples;

-- unordered
SELECT raw FROM samples UNION ALL SELECT fixed FROM samples;

SELECT NULL AS n UNION SELECT level FROM users ORDER BY n;

SELECT title FROM products UNION SELECT name FROM countries ORDER BY 1;

-- error-only
SELECT user_id, name FROM users UNION SELECT ticket_id FROM tickets;

SELECT * FROM (SELECT user_id AS id FROM users UNION ALL SELECT ticket_id FROM tickets) t WHERE id BETWEEN 3 AND 6 ORDER BY id;

SELECT id MOD 2 AS odd, COUNT(*) FROM (SELECT user_id AS id FROM users UNION SELECT ticket_id FROM tickets) t GROUP BY odd ORDER BY odd;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE status = 'new' UNION SELECT ticket_id FROM tickets WHERE weight > 10) ORDER BY user_id;

-- params: 3, 4
SELECT user_id FROM users WHERE level = ? UNION SELECT user_id FROM orders WHERE quantity = ? ORDER BY user_id;

SELECT user_id FROM users WHERE level = 1 UNION ALL SELECT user_id FROM users WHERE level = 2 ORDER BY user_id LIMIT 4 OFFSET 2;

SELECT login FROM logins UNION SELECT title FROM tickets ORDER BY 1 LIMIT 6;
