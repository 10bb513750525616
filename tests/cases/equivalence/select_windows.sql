-- about: Window functions over the rows of several shards.
SELECT user_id, ROW_NUMBER() OVER (ORDER BY user_id) AS n FROM users ORDER BY user_id;

SELECT user_id, RANK() OVER (ORDER BY level) AS r, DENSE_RANK() OVER (ORDER BY level) AS d FROM users ORDER BY user_id;

SELECT user_id, level, ROW_NUMBER() OVER (PARTITION BY level ORDER BY balance DESC) AS n FROM users ORDER BY level, n;

SELECT user_id, order_id, SUM(total) OVER (PARTITION BY user_id ORDER BY order_id) AS sum FROM orders ORDER BY user_id, order_id;

SELECT user_id, order_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY total) AS n FROM orders ORDER BY user_id, order_id;

SELECT user_id, SUM(balance) OVER () AS all_of_it, balance / SUM(balance) OVER () AS share FROM users ORDER BY user_id;

SELECT user_id, LAG(user_id) OVER (ORDER BY balance) AS before_it, LEAD(user_id, 2) OVER (ORDER BY balance) AS after_it FROM users ORDER BY balance;

SELECT user_id, FIRST_VALUE(name) OVER (PARTITION BY country_code ORDER BY user_id) AS first FROM users ORDER BY user_id;

SELECT user_id, LAST_VALUE(user_id) OVER (PARTITION BY level ORDER BY user_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last FROM users ORDER BY user_id;

SELECT user_id, NTILE(4) OVER (ORDER BY user_id) AS quarter FROM users ORDER BY user_id;

SELECT user_id, PERCENT_RANK() OVER (ORDER BY level) AS p, CUME_DIST() OVER (ORDER BY level) AS c FROM users ORDER BY user_id;

SELECT user_id, order_id, AVG(total) OVER (ORDER BY user_id, order_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS moving FROM orders ORDER BY 1, 2;

SELECT order_id, user_id, COUNT(*) OVER (PARTITION BY order_id) AS n FROM orders ORDER BY order_id, user_id LIMIT 9;

SELECT level, COUNT(*) AS n, RANK() OVER (ORDER BY COUNT(*) DESC) AS place FROM users GROUP BY level ORDER BY place, level;

SELECT level, SUM(SUM(balance)) OVER (ORDER BY level) AS running FROM users GROUP BY level ORDER BY level;

SELECT * FROM (SELECT user_id, level, ROW_NUMBER() OVER (PARTITION BY level ORDER BY user_id) AS n FROM users) t WHERE n = 1 ORDER BY level;

SELECT user_id, COUNT(*) OVER w AS n, MIN(user_id) OVER w AS low FROM users WINDOW w AS (PARTITION BY mood) ORDER BY user_id;

SELECT u.user_id, o.order_id, MAX(o.total) OVER (PARTITION BY u.level) AS top FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY 1, 2;

SELECT sample_id, SUM(amount) OVER (ORDER BY sample_id) AS running, NTH_VALUE(varied, 2) OVER (ORDER BY sample_id) AS second FROM samples ORDER BY sample_id;

-- ignore on MySQL: warnings
SELECT sample_id, MIN(day) OVER (PARTITION BY grp) AS first, MAX(huge) OVER (PARTITION BY grp) AS most FROM samples ORDER BY sample_id;

SELECT DISTINCT level, COUNT(*) OVER (PARTITION BY level) AS n FROM users ORDER BY level;

-- params: 2
SELECT user_id, LAG(level, ?) OVER (ORDER BY user_id) AS back FROM users ORDER BY user_id LIMIT 5;
