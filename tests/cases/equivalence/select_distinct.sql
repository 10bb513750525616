-- about: DISTINCT over several shards.
SELECT DISTINCT level FROM users ORDER BY level;

-- unordered
SELECT DISTINCT level FROM users;

-- unordered
SELECT DISTINCT country_code, mood FROM users;

SELECT DISTINCT status, quantity FROM orders ORDER BY quantity DESC, status LIMIT 4;

-- unordered
SELECT DISTINCT product_id FROM orders WHERE total > 200;

SELECT DISTINCT user_id FROM orders ORDER BY user_id;

SELECT DISTINCT level > 2 AS high, mood IS NULL AS unknown FROM users ORDER BY high, unknown;

SELECT DISTINCT tiny FROM samples ORDER BY tiny;

SELECT DISTINCT huge, amount FROM samples ORDER BY huge, amount;

SELECT DISTINCT twice, single FROM samples ORDER BY 1, 2;

SELECT DISTINCT day, year FROM samples ORDER BY day DESC, year;

SELECT DISTINCT bits, flag FROM samples ORDER BY bits, flag;

SELECT DISTINCT level, marks FROM samples ORDER BY 2, 1;

SELECT DISTINCT raw FROM samples ORDER BY raw;

SELECT DISTINCT bin FROM samples ORDER BY bin DESC;

SELECT DISTINCT span FROM samples ORDER BY span LIMIT 3 OFFSET 1;

SELECT DISTINCT u.country_code, o.status FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY 1, 2;

SELECT DISTINCT c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY c.name;

SELECT DISTINCT YEAR(placed_at), MONTH(placed_at) FROM orders ORDER BY 2;

SELECT DISTINCTROW level FROM users ORDER BY 1 DESC;

SELECT DISTINCT NULL, 1 FROM users;

SELECT COUNT(*) FROM (SELECT DISTINCT level, mood FROM users) t;

SELECT DISTINCT attempts FROM logins ORDER BY attempts;

-- params: 3
SELECT DISTINCT level MOD ? FROM users ORDER BY 1;
