-- about: Tables joined on the shard key, with reference tables, and with single tables.
SELECT u.name, o.order_id, o.total FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id = 4 ORDER BY o.order_id;

SELECT u.name, o.order_id FROM users u JOIN orders o ON o.user_id = u.user_id WHERE o.user_id = 4 ORDER BY o.order_id;

SELECT u.name, o.order_id FROM users u, orders o WHERE o.user_id = u.user_id AND u.user_id = 8 ORDER BY o.order_id;

SELECT u.name, o.order_id FROM users u INNER JOIN orders o USING (user_id) WHERE u.user_id = 8 ORDER BY o.order_id;

SELECT user_id, order_id FROM users JOIN orders USING (user_id) WHERE user_id = 8 ORDER BY order_id;

SELECT u.name, o.order_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id WHERE u.user_id = 5 ORDER BY o.order_id;

SELECT u.name, o.order_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id AND o.status = 'paid' WHERE u.user_id = 8 ORDER BY o.order_id;

SELECT u.name, o.order_id FROM orders o RIGHT JOIN users u ON o.user_id = u.user_id WHERE u.user_id = 5;

SELECT u.name, o.order_id, i.item_no, p.title FROM users u JOIN orders o ON o.user_id = u.user_id JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.order_id JOIN products p ON p.product_id = i.product_id WHERE u.user_id = 4 ORDER BY o.order_id, i.item_no;

SELECT o.order_id, SUM(i.price) AS sum FROM orders o JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.order_id WHERE o.user_id = 8 GROUP BY o.order_id ORDER BY o.order_id;

SELECT u.name, c.name FROM users u JOIN countries c ON c.code = u.country_code WHERE u.user_id = 2;

SELECT u.name, c.name AS country FROM users u LEFT JOIN countries c ON c.code = u.country_code WHERE u.user_id = 7;

-- unordered
SELECT u.name, c.name FROM users u JOIN countries c ON c.code = u.country_code;

-- unordered
SELECT u.user_id, o.order_id, o.total FROM users u JOIN orders o ON o.user_id = u.user_id;

-- unordered
SELECT u.user_id, o.order_id FROM users u JOIN orders o ON u.user_id = o.user_id WHERE o.status = 'paid';

-- unordered
SELECT u.user_id, o.order_id FROM users u JOIN orders o USING (user_id) WHERE o.total > 100;

-- unordered
SELECT u.user_id, o.order_id FROM users u LEFT JOIN orders o ON u.user_id = o.user_id;

-- unordered
SELECT o.user_id, o.order_id, i.item_no, p.title FROM orders o JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.order_id JOIN products p ON p.product_id = i.product_id;

-- unordered
SELECT u.user_id, p.title FROM users u JOIN orders o ON o.user_id = u.user_id JOIN products p ON p.product_id = o.product_id WHERE u.user_id IN (4, 8, 11);

-- unordered
SELECT u.user_id, o.order_id FROM users u STRAIGHT_JOIN orders o ON o.user_id = u.user_id WHERE u.user_id IN (3, 4);

-- unordered
SELECT user_id, name, order_id FROM users NATURAL JOIN orders WHERE user_id = 4;

SELECT u.name, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id) AS n FROM users u WHERE u.user_id = 8;

SELECT u.name, (SELECT COUNT(*) FROM orders o WHERE o.user_id = 8) AS n FROM users u WHERE u.user_id = 8;

SELECT name FROM users u WHERE u.user_id = 8 AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND o.order_id = 1);

SELECT name FROM users u WHERE u.user_id = 8 AND EXISTS (SELECT * FROM orders o WHERE o.user_id = 8);

SELECT name FROM users WHERE user_id = 8 AND country_code IN (SELECT code FROM countries WHERE name LIKE 'F%');

SELECT t.n FROM (SELECT COUNT(*) AS n FROM orders WHERE user_id = 8) t;

SELECT t.name FROM (SELECT * FROM users WHERE user_id = 8) AS t;

WITH mine AS (SELECT * FROM orders WHERE user_id = 8) SELECT COUNT(*), MAX(total) FROM mine;

SELECT a.name, b.name FROM users a JOIN users b ON a.user_id = b.user_id WHERE a.user_id = 3;

SELECT a.order_id, b.order_id FROM orders a JOIN orders b ON a.user_id = b.user_id AND a.order_id < b.order_id WHERE a.user_id = 8 ORDER BY 1, 2;

SELECT c.name, p.title FROM countries c CROSS JOIN products p ORDER BY c.code, p.product_id LIMIT 5;

SELECT u.name, s.value FROM users u JOIN (SELECT 'dark' AS value) s WHERE u.user_id = 2;

-- about: Off the shard key.
SELECT a.name, b.name FROM users a JOIN users b ON a.level = b.level;

SELECT u.name, o.order_id FROM users u JOIN orders o ON o.order_id = u.user_id;

SELECT u.name, o.order_id FROM users u, orders o;

SELECT u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.user_id;

-- unordered
SELECT name FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE status = 'paid');

-- unordered
SELECT c.name, u.name FROM countries c LEFT JOIN users u ON u.country_code = c.code;

SELECT name FROM users WHERE user_id = (SELECT MAX(user_id) FROM orders);
