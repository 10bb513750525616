-- about: Lateral derived tables, within one shard's rows and not.
-- only: MySQL
SELECT u.user_id, t.total FROM users u, LATERAL (SELECT o.total FROM orders o WHERE o.user_id = u.user_id ORDER BY o.total DESC, o.order_id LIMIT 1) t ORDER BY u.user_id;

-- only: MySQL
SELECT u.user_id, t.n, t.s FROM users u LEFT JOIN LATERAL (SELECT COUNT(*) AS n, SUM(o.total) AS s FROM orders o WHERE o.user_id = u.user_id) t ON TRUE ORDER BY t.n DESC, u.user_id LIMIT 8;

-- only: MySQL
SELECT u.user_id, t.order_id, i.price FROM users u JOIN LATERAL (SELECT o.order_id, o.user_id FROM orders o WHERE o.user_id = u.user_id LIMIT 100) t JOIN LATERAL (SELECT MAX(price) AS price FROM order_items i WHERE i.user_id = u.user_id AND i.order_id = t.order_id) i ORDER BY 1, 2;

-- only: MySQL
SELECT u.user_id, t.title FROM users u, LATERAL (SELECT title FROM tickets k WHERE k.ticket_id = u.level) t ORDER BY 1;

-- about: Where the column comes from is the server's to say, by how it joins the table.
-- only: MySQL
-- ignore: schema, org_table
SELECT u.user_id, t.title FROM users u, LATERAL (SELECT p.title FROM products p WHERE p.product_id = u.level) t ORDER BY 1 LIMIT 6;

-- only: MySQL
SELECT level, COUNT(*), SUM(t.n) FROM users u, LATERAL (SELECT COUNT(*) AS n FROM orders o WHERE o.user_id = u.user_id) t GROUP BY level ORDER BY level;

-- only: MySQL
SELECT c.code, t.n FROM countries c, LATERAL (SELECT COUNT(*) AS n FROM users u WHERE u.country_code = c.code) t ORDER BY 1;

-- only: MySQL
SELECT u.user_id, t.x FROM users u, LATERAL (SELECT u.level + 1 AS x) t ORDER BY 1 LIMIT 4;

-- only: MySQL
-- params: 5
SELECT t.total FROM users u, LATERAL (SELECT SUM(total) AS total FROM orders o WHERE o.user_id = u.user_id) t WHERE u.user_id = ?;

-- only: MySQL
SELECT u.user_id, t.user_id FROM users u, LATERAL (SELECT o.user_id FROM orders o WHERE o.user_id > u.user_id ORDER BY 1 LIMIT 1) t ORDER BY 1;
