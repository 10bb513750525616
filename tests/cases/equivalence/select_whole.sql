-- about: Groups, partitions and semi-joins by the shard key, which are whole on each shard.
-- unordered
SELECT user_id, COUNT(*), STDDEV(total), GROUP_CONCAT(DISTINCT status ORDER BY status), COUNT(DISTINCT quantity, status) FROM orders GROUP BY user_id;

-- unordered
SELECT user_id, status, SUM(total) / COUNT(*) + 1 AS s FROM orders o GROUP BY o.user_id, status HAVING COUNT(*) > 1 OR s > 100;

SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id HAVING n > 1 ORDER BY n DESC, user_id LIMIT 3;

SELECT user_id, COUNT(*) FROM orders GROUP BY user_id HAVING SUM(total) > 50 ORDER BY STDDEV(total), user_id LIMIT 4 OFFSET 1;

SELECT u.user_id, COUNT(DISTINCT o.status), MAX(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY u.user_id HAVING COUNT(*) > 0 ORDER BY u.user_id DESC;

-- unordered
SELECT o.user_id, COUNT(*), STDDEV(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY o.user_id;

-- unordered
SELECT user_id, COUNT(DISTINCT status) FROM orders GROUP BY user_id WITH ROLLUP;

-- unordered
SELECT DISTINCT user_id, status FROM orders;

-- about: MariaDB's flags of what is computed from COUNT(*) are not those of COUNT(total), which is read from a temporary table
-- ignore: flags
-- unordered
SELECT DISTINCT user_id, COUNT(*) > 1 FROM orders GROUP BY user_id, status;

SELECT user_id, order_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY total DESC, order_id) AS n FROM orders ORDER BY user_id, n;

SELECT user_id, order_id, SUM(total) OVER w AS s, RANK() OVER (w ORDER BY order_id) AS r FROM orders WINDOW w AS (PARTITION BY user_id) ORDER BY user_id, order_id;

SELECT user_id, SUM(total) AS s, SUM(SUM(total)) OVER (PARTITION BY user_id) AS whole FROM orders GROUP BY user_id, status ORDER BY user_id, s;

SELECT user_id, RANK() OVER (ORDER BY SUM(total)) AS place FROM orders GROUP BY user_id ORDER BY place, user_id;

SELECT u.name, t.total FROM users u JOIN (SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id) t ON t.user_id = u.user_id ORDER BY t.total DESC, u.user_id LIMIT 5;

WITH t AS (SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id) SELECT u.user_id, t.total FROM users u LEFT JOIN t ON t.user_id = u.user_id WHERE u.level > 1 ORDER BY u.user_id;

-- params: 6
-- params: NULL
WITH t AS (SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id) SELECT u.user_id, t.total FROM users u JOIN t ON t.user_id = u.user_id WHERE t.user_id = ?;

SELECT t.user_id, t.order_id FROM (SELECT o.*, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY order_id DESC) AS n FROM orders o) t WHERE t.n = 1 ORDER BY t.user_id;

SELECT COUNT(*), SUM(t.n) FROM (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id HAVING n > 1) t;

SELECT COUNT(*) FROM (SELECT DISTINCT user_id FROM orders) t;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE total > 50) ORDER BY user_id;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders GROUP BY user_id HAVING COUNT(*) > 2) OR level = 1 ORDER BY user_id;

SELECT user_id FROM users WHERE user_id NOT IN (SELECT user_id FROM orders WHERE total > 50) ORDER BY user_id;

SELECT user_id, user_id IN (SELECT user_id FROM orders) AS has FROM users ORDER BY user_id;

SELECT u.user_id FROM users u WHERE (u.user_id, u.level) IN (SELECT o.user_id, o.quantity FROM orders o) ORDER BY 1;

SELECT d.user_id, COUNT(*) OVER () AS n FROM (SELECT o.user_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id) d WHERE d.user_id IS NULL;

SELECT u.user_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id WHERE o.user_id IN (SELECT user_id FROM order_items) GROUP BY u.user_id ORDER BY 1;

-- unordered
SELECT login, COUNT(*), VARIANCE(attempts) FROM logins GROUP BY login HAVING COUNT(*) < 5;

-- unordered
SELECT u.user_id, o.order_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id AND o.total > 50 WHERE o.total <> ALL (SELECT weight FROM tickets WHERE ticket_id < 0);

SELECT COUNT(*), COUNT(o.user_id) FROM users u LEFT JOIN orders o ON o.order_id = u.level WHERE o.total <> ALL (SELECT weight FROM tickets WHERE weight < -1000) AND o.status IS NULL;
