-- about: What only MySQL has.
-- only: MySQL
SELECT u.user_id, t.total FROM users u, LATERAL (SELECT o.total FROM orders o WHERE o.user_id = u.user_id ORDER BY o.total DESC, o.order_id LIMIT 1) t ORDER BY u.user_id;

-- only: MySQL
SELECT u.user_id, t.n, t.top FROM users u LEFT JOIN LATERAL (SELECT COUNT(*) AS n, MAX(o.total) AS top FROM orders o WHERE o.quantity < u.level) AS t ON TRUE ORDER BY u.user_id;

-- only: MySQL
SELECT u.user_id, a.n, b.n FROM users u JOIN LATERAL (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id) AS a (n) JOIN LATERAL (SELECT a.n + COUNT(*) AS n FROM tickets WHERE weight > u.level) AS b WHERE u.level > 2 ORDER BY 1;

-- only: MySQL
SELECT user_id FROM users WHERE level = 1 INTERSECT SELECT user_id FROM orders ORDER BY user_id;

-- only: MySQL
SELECT level FROM users INTERSECT ALL SELECT quantity FROM orders ORDER BY 1;

-- only: MySQL
SELECT user_id FROM users EXCEPT ALL SELECT user_id FROM orders WHERE total > 100 ORDER BY 1;

-- only: MySQL
TABLE tickets ORDER BY ticket_id LIMIT 3;

-- only: MySQL
TABLE countries UNION TABLE countries ORDER BY code;

-- only: MySQL
SELECT v.a, COUNT(u.user_id) FROM (VALUES ROW(1, 'x'), ROW(2, 'y'), ROW(9, 'z')) AS v (a, b) LEFT JOIN users u ON u.level = v.a GROUP BY v.a ORDER BY v.a;

-- only: MySQL
SELECT user_id FROM users WHERE level IN (VALUES ROW(1), ROW(3)) ORDER BY user_id;

-- only: MySQL
SELECT level, country_code, COUNT(*), GROUPING(level) AS g, GROUPING(level, country_code) AS both_of_them FROM users GROUP BY level, country_code WITH ROLLUP ORDER BY GROUPING(level), level, GROUPING(country_code), country_code;

-- only: MySQL
SELECT IF(GROUPING(level), 'all', level) AS l, SUM(balance) FROM users GROUP BY level WITH ROLLUP HAVING COUNT(*) > 1 ORDER BY 1;

-- only: MySQL
SELECT s.sample_id, j.v FROM samples s, JSON_TABLE(JSON_ARRAY(s.tiny, s.small), '$[*]' COLUMNS (v INT PATH '$')) AS j ORDER BY s.sample_id, j.v;

-- only: MySQL
SELECT user_id, SUM(balance) OVER w AS sum, COUNT(*) OVER (w ROWS 1 PRECEDING) AS n FROM users WINDOW w AS (PARTITION BY level ORDER BY user_id) ORDER BY user_id;

-- only: MySQL
SELECT user_id, SUM(level) OVER (ORDER BY user_id GROUPS 1 PRECEDING) FROM users;

-- only: MySQL
SELECT user_id, NTH_VALUE(user_id, 2) OVER (PARTITION BY level ORDER BY user_id RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS second FROM users ORDER BY user_id;

-- only: MySQL
SELECT d.a, d.b FROM (SELECT level, COUNT(*) FROM users GROUP BY level) AS d (a, b) JOIN (SELECT quantity FROM orders) AS q (a) USING (a) GROUP BY d.a, d.b ORDER BY 1;

-- only: MySQL
SELECT /*+ NO_MERGE(d) JOIN_ORDER(d, o) */ COUNT(*) FROM (SELECT user_id FROM users WHERE level > 1) d JOIN orders o ON o.quantity = d.user_id;

-- only: MySQL
SELECT u.user_id FROM users u FORCE INDEX (PRIMARY) JOIN tickets t IGNORE INDEX (PRIMARY) ON t.weight = u.user_id ORDER BY 1;

-- only: MySQL
SELECT user_id FROM users WHERE user_id MEMBER OF ('[1, 3, 5]') ORDER BY user_id;

-- only: MySQL
(SELECT level FROM users ORDER BY user_id LIMIT 3) UNION ALL (SELECT weight FROM tickets ORDER BY ticket_id LIMIT 2) ORDER BY 1 LIMIT 4;

-- only: MySQL
SELECT COUNT(*) FROM users u WHERE ROW(u.level, u.country_code) IN (SELECT o.quantity, 'DE' FROM orders o);

-- only: MySQL
SELECT user_id, JSON_ARRAYAGG(order_id) OVER (PARTITION BY user_id ORDER BY order_id) FROM orders ORDER BY user_id, order_id;

-- only: MySQL
-- params: 1, 2
WITH t AS (SELECT user_id, level FROM users WHERE level > ?) SELECT a.user_id, l.n FROM t a JOIN LATERAL (SELECT COUNT(*) AS n FROM t b WHERE b.level = a.level AND b.user_id > ?) l ORDER BY 1;

-- only: MySQL
WITH t AS (SELECT user_id, RAND() AS r FROM users) SELECT COUNT(*) > 0 FROM t;

-- about: it is read twice, so gathered rows need two of it, and MySQL describes the parameter in EXISTS of one only
-- only: MySQL
-- params: 7, 5
WITH c AS (SELECT u.user_id, u.level FROM users u WHERE EXISTS (SELECT ? FROM orders o WHERE o.status = u.level))
SELECT COUNT(*) FROM c a JOIN c b ON a.level = b.user_id + ?;

-- about: MySQL takes a parameter's type from what stands around it, for the whole statement
-- params: 0.01, -100.25
SELECT DISTINCT (? - ?) AS difference FROM users;

-- params: 3, 1
SELECT (? - ?) AS difference FROM users WHERE level > 1 ORDER BY 1;

-- params: 3
SELECT AVG(?) AS mean FROM users;

-- params: 3, 1
SELECT level, AVG(?) AS mean, SUM(? + 1) AS total FROM users GROUP BY level ORDER BY level;

-- about: hints that are about all rows of an answer
-- only: MySQL
SELECT /*+ SET_VAR(sql_select_limit=3) */ user_id FROM users ORDER BY user_id;
SELECT /*+ SET_VAR(sql_select_limit=3) */ user_id FROM users WHERE user_id = 3;
SELECT /*+ SET_VAR(sql_select_limit=1) */ COUNT(*), SUM(level), COUNT(DISTINCT level) FROM users;
SELECT /*+ SET_VAR(sql_select_limit=2) */ level, COUNT(*) FROM users GROUP BY level ORDER BY level;
SELECT /*+ SET_VAR(sql_select_limit=2) */ u.user_id, o.order_id FROM users u JOIN orders o ON o.order_id = u.level ORDER BY 1, 2;
SELECT /*+ MAX_EXECUTION_TIME(1000) Set_Var(SQL_Select_Limit = 2) */ user_id FROM users UNION SELECT order_id FROM orders ORDER BY 1;
SELECT /*+ SET_VAR(max_sort_length=8) */ user_id FROM users ORDER BY bio, user_id LIMIT 5;
SELECT /*+ SET_VAR(div_precision_increment=9) */ AVG(balance), AVG(level) / 3, COUNT(DISTINCT level) FROM users;
SELECT /*+ SET_VAR(group_concat_max_len=10) */ GROUP_CONCAT(user_id ORDER BY user_id) FROM users;
SELECT /*+ SET_VAR(timestamp=1700000000) */ UNIX_TIMESTAMP(), COUNT(*) FROM users GROUP BY NOW();
