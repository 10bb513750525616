-- about: Derived tables whose rows come from several shards.
SELECT MAX(t.user_id) FROM (SELECT * FROM users) t;

SELECT t.level, t.n FROM (SELECT level, COUNT(*) AS n FROM users GROUP BY level) t WHERE t.n > 5 ORDER BY t.level;

SELECT SUM(n), AVG(n) FROM (SELECT COUNT(*) AS n FROM users GROUP BY level) t;

SELECT COUNT(*) FROM (SELECT user_id FROM users ORDER BY user_id LIMIT 7) t;

SELECT t.user_id FROM (SELECT user_id, balance FROM users ORDER BY balance DESC, user_id LIMIT 5) t ORDER BY t.user_id;

SELECT u.user_id, t.worth FROM users u JOIN (SELECT user_id, SUM(total) AS worth FROM orders GROUP BY user_id) t ON t.user_id = u.user_id ORDER BY t.worth DESC, u.user_id LIMIT 5;

SELECT u.user_id, COALESCE(t.n, 0) AS n FROM users u LEFT JOIN (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) t USING (user_id) ORDER BY n DESC, u.user_id;

SELECT p.title, t.n FROM products p JOIN (SELECT product_id, COUNT(*) AS n FROM order_items GROUP BY product_id) t ON t.product_id = p.product_id ORDER BY t.n DESC, p.product_id;

SELECT a.level, a.n, b.worth FROM (SELECT level, COUNT(*) AS n FROM users GROUP BY level) a JOIN (SELECT quantity, SUM(total) AS worth FROM orders GROUP BY quantity) b ON b.quantity = a.level ORDER BY a.level;

SELECT * FROM (SELECT DISTINCT level, mood FROM users) t ORDER BY level, mood;

SELECT t.* FROM (SELECT user_id AS id, name AS label FROM users WHERE level = 2 UNION ALL SELECT ticket_id, title FROM tickets WHERE weight = 10) t ORDER BY t.id;

SELECT x.level, x.top FROM (SELECT level, MAX(balance) AS top FROM (SELECT level, balance FROM users WHERE mood IS NOT NULL) y GROUP BY level) x ORDER BY x.top;

SELECT t.n FROM (SELECT COUNT(*) AS n FROM users) t, (SELECT COUNT(*) AS m FROM orders) s WHERE t.n < s.m;

SELECT t.day, COUNT(*) FROM (SELECT day, huge FROM samples WHERE sample_id > 2) t GROUP BY t.day ORDER BY t.day;

SELECT t.g, MIN(t.u) FROM (SELECT grp AS g, ubig AS u FROM samples) t GROUP BY t.g HAVING MIN(t.u) IS NOT NULL ORDER BY t.g;

SELECT COUNT(*) FROM (SELECT 1 FROM users UNION ALL SELECT 2 FROM orders) t;

SELECT t.first, COUNT(*) FROM (SELECT LEFT(name, 1) COLLATE utf8mb4_bin AS first FROM users) t GROUP BY t.first ORDER BY t.first;

SELECT t.c FROM (SELECT COUNT(*) AS c, level FROM users GROUP BY level HAVING c > 4) t ORDER BY t.level LIMIT 1 OFFSET 1;

SELECT u.user_id FROM users u WHERE u.balance > (SELECT AVG(t.b) FROM (SELECT balance AS b FROM users WHERE level = 3) t) ORDER BY 1;

-- params: 3, 2
SELECT t.user_id FROM (SELECT user_id FROM users WHERE level = ? ORDER BY user_id LIMIT ?) t ORDER BY 1;

-- params: 100
SELECT t.status, t.n FROM (SELECT status, COUNT(*) AS n FROM orders WHERE total > ? GROUP BY status) t ORDER BY t.status;
