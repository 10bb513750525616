-- about: WITH over several shards; recursion too.
WITH rich AS (SELECT user_id, balance FROM users WHERE balance > 5000) SELECT COUNT(*), MAX(balance) FROM rich;

WITH rich AS (SELECT user_id, balance FROM users WHERE balance > 5000) SELECT user_id FROM rich ORDER BY balance DESC LIMIT 3;

WITH worth AS (SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id) SELECT u.name, w.total FROM users u JOIN worth w ON w.user_id = u.user_id ORDER BY w.total DESC, u.user_id LIMIT 4;

WITH worth AS (SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id) SELECT a.user_id, b.user_id FROM worth a JOIN worth b ON a.total < b.total AND b.total - a.total < 40 ORDER BY 1, 2;

WITH a AS (SELECT level, COUNT(*) AS n FROM users GROUP BY level), b AS (SELECT MAX(n) AS top FROM a) SELECT a.level FROM a JOIN b ON a.n = b.top ORDER BY a.level;

WITH a (id, what) AS (SELECT user_id, 'user' FROM users WHERE level = 1), b AS (SELECT ticket_id, 'ticket' FROM tickets WHERE weight > 12) SELECT * FROM a UNION ALL SELECT * FROM b ORDER BY id, what;

WITH t AS (SELECT * FROM users) SELECT level, COUNT(*) FROM t GROUP BY level ORDER BY level;

WITH t AS (SELECT user_id FROM orders WHERE status = 'done') SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM t) ORDER BY user_id;

WITH t AS (SELECT DISTINCT level FROM users) SELECT (SELECT COUNT(*) FROM t) AS n, MAX(level) FROM t;

WITH t AS (SELECT user_id, level FROM users ORDER BY user_id LIMIT 5) SELECT SUM(level) FROM t;

WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 6) SELECT n.i, COUNT(u.user_id) FROM n LEFT JOIN users u ON u.level = n.i GROUP BY n.i ORDER BY n.i;

WITH RECURSIVE up AS (SELECT ticket_id, weight, 0 AS depth FROM tickets WHERE ticket_id = 1 UNION ALL SELECT t.ticket_id, t.weight, up.depth + 1 FROM up JOIN tickets t ON t.ticket_id = up.weight WHERE up.depth < 5) SELECT * FROM up ORDER BY depth;

WITH RECURSIVE chain (id, depth) AS (SELECT user_id, 0 FROM users WHERE user_id = 1 UNION SELECT u.user_id, c.depth + 1 FROM users u JOIN chain c ON u.user_id = c.id + 1 WHERE c.depth < 6) SELECT id, depth FROM chain ORDER BY id;

WITH RECURSIVE m AS (SELECT MIN(level) AS l, MAX(level) AS top FROM users UNION ALL SELECT l + 1, top FROM m WHERE l < top) SELECT l, (SELECT COUNT(*) FROM users u WHERE u.level = m.l) AS n FROM m ORDER BY l;

WITH t AS (SELECT sample_id, huge, ubig FROM samples WHERE huge > 0) SELECT COUNT(*), SUM(huge), MAX(ubig) FROM t;

WITH t AS (SELECT order_id, COUNT(*) AS n FROM orders GROUP BY order_id) SELECT (SELECT n FROM t WHERE order_id = 1) AS ones, (SELECT n FROM t WHERE order_id = 2) AS twos;

-- params: 3
WITH t AS (SELECT user_id FROM users WHERE level = ?) SELECT COUNT(*), MIN(user_id) FROM t;

-- params: 1, 400
WITH a AS (SELECT user_id FROM users WHERE level > ?), b AS (SELECT user_id FROM orders WHERE total > ?) SELECT a.user_id FROM a JOIN b ON a.user_id = b.user_id ORDER BY 1;

-- about: Read more than once, over tables that are read more than once.
WITH t AS (SELECT user_id, level FROM users WHERE level > 1), u AS (SELECT a.user_id, b.level FROM t a JOIN t b ON a.user_id = b.user_id), v AS (SELECT x.user_id, y.level FROM u x JOIN u y ON x.user_id = y.user_id) SELECT COUNT(*), SUM(v.level), (SELECT MAX(level) FROM t) AS top FROM v JOIN t ON t.user_id = v.user_id;

WITH t AS (SELECT u.user_id, o.total FROM users u JOIN orders o ON o.quantity = u.level) SELECT a.user_id, COUNT(*) FROM t a JOIN t b ON a.total = b.total GROUP BY a.user_id ORDER BY 1;

WITH outermost AS (WITH inner_one AS (SELECT user_id, level FROM users) SELECT p.user_id, q.level FROM inner_one p JOIN inner_one q USING (user_id)) SELECT a.user_id, b.level FROM outermost a JOIN outermost b ON a.user_id = b.level ORDER BY 1, 2;

WITH RECURSIVE up AS (SELECT ticket_id, weight, 0 AS depth FROM tickets WHERE ticket_id < 4 UNION ALL SELECT t.ticket_id, t.weight, up.depth + 1 FROM up JOIN tickets t ON t.ticket_id = up.weight WHERE up.depth < 3) SELECT a.ticket_id, b.depth FROM up a JOIN up b ON a.ticket_id = b.weight ORDER BY 1, 2;

WITH RECURSIVE chain (id, depth) AS (SELECT user_id, 0 FROM users WHERE user_id = 1 UNION SELECT u.user_id, chain.depth + 1 FROM users u JOIN chain ON u.user_id = chain.id + 1 WHERE chain.depth < 4), ends AS (SELECT MAX(id) AS id FROM chain) SELECT chain.*, ends.id AS last FROM chain, ends WHERE chain.id <= (SELECT MAX(id) FROM chain) ORDER BY 1;

WITH t AS (SELECT level FROM users) SELECT level FROM t WHERE level < 3 UNION SELECT level + 10 FROM t UNION ALL (SELECT COUNT(*) FROM t) ORDER BY 1;

WITH t AS (SELECT user_id, level FROM users) SELECT t.level, COUNT(*) FROM t WHERE EXISTS (SELECT 1 FROM t b WHERE b.level = t.level + 1) GROUP BY t.level HAVING COUNT(*) < (SELECT COUNT(*) FROM t) ORDER BY 1;

WITH a AS (SELECT level FROM users), b AS (SELECT level FROM a), c AS (SELECT level FROM b) SELECT (SELECT COUNT(*) FROM a) + (SELECT COUNT(*) FROM b), MAX(c.level) FROM c;

SELECT u.user_id, (WITH t AS (SELECT o.total FROM orders o WHERE o.user_id <> u.user_id) SELECT COUNT(*) FROM t a JOIN t b ON a.total = b.total) AS n FROM users u WHERE u.level = 1 ORDER BY 1;

SELECT (WITH t AS (SELECT level FROM users) SELECT COUNT(*) FROM t a JOIN t b USING (level)), COUNT(*) FROM tickets;

-- params: 1, 2, 3
-- params: 2, 1, 2
WITH t AS (SELECT user_id, level + ? AS l FROM users WHERE level >= ?) SELECT a.user_id, b.l FROM t a JOIN t b ON a.l = b.l WHERE a.user_id < ? ORDER BY 1, 2, b.user_id;

-- params: 'x', 2, 100, 'y'
WITH t AS (SELECT ? AS tag, order_id FROM orders), w AS (SELECT x.order_id, y.tag FROM t x JOIN t y ON x.order_id = y.order_id) SELECT DISTINCT w.tag, v.order_id FROM w JOIN w v ON v.order_id = w.order_id AND w.order_id <= ? WHERE v.order_id < ? AND w.tag <> ? ORDER BY 1, 2;
