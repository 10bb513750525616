-- about: GROUP BY over several shards: groups that live on all of them, and on one.
SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY level;

-- unordered
SELECT level, COUNT(*), SUM(balance), AVG(balance) FROM users GROUP BY level;

-- unordered
SELECT country_code, COUNT(*) FROM users GROUP BY country_code;

SELECT country_code, mood, COUNT(*) AS n FROM users GROUP BY country_code, mood ORDER BY n DESC, country_code, mood;

-- unordered
SELECT user_id, COUNT(*), SUM(total) FROM orders GROUP BY user_id;

SELECT user_id, COUNT(*) FROM orders GROUP BY user_id HAVING COUNT(*) > 2 ORDER BY user_id;

SELECT status, SUM(total) AS worth FROM orders GROUP BY status ORDER BY worth DESC;

SELECT status + 0, MIN(total), MAX(quantity) FROM orders GROUP BY status ORDER BY status;

SELECT product_id, COUNT(DISTINCT user_id), GROUP_CONCAT(DISTINCT status ORDER BY status) FROM orders GROUP BY product_id ORDER BY product_id;

SELECT product_id, AVG(total) FROM orders GROUP BY product_id HAVING AVG(total) > (SELECT AVG(price) FROM products) ORDER BY AVG(total) DESC;

-- ignore on MySQL: warnings
SELECT YEAR(born) DIV 10 AS decade, COUNT(*), MIN(born) FROM users GROUP BY decade ORDER BY decade;

SELECT UPPER(country_code) AS code, COUNT(*) FROM users GROUP BY UPPER(country_code) ORDER BY 1;

SELECT COUNT(*) AS n, level FROM users GROUP BY 2 ORDER BY 1 DESC, 2 LIMIT 3;

SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY level DESC LIMIT 2 OFFSET 1;

SELECT level * 2 AS twice, SUM(score IS NULL) FROM users GROUP BY level ORDER BY level;

SELECT MONTH(placed_at) AS month, SUM(total * quantity) FROM orders GROUP BY month HAVING month > 3 ORDER BY month;

SELECT grp, SUM(amount), AVG(huge), MAX(ubig), BIT_OR(small) FROM samples GROUP BY grp ORDER BY grp;

SELECT tiny, COUNT(*), GROUP_CONCAT(sample_id ORDER BY sample_id) FROM samples GROUP BY tiny ORDER BY tiny;

SELECT day, COUNT(*) FROM samples GROUP BY day ORDER BY day;

SELECT at, precisely, COUNT(*) FROM samples GROUP BY at, precisely ORDER BY at, precisely;

SELECT span, MIN(sample_id) FROM samples GROUP BY span ORDER BY span;

SELECT bits, COUNT(*) FROM samples GROUP BY bits ORDER BY bits;

SELECT level, marks, COUNT(*) FROM samples GROUP BY level, marks ORDER BY level, marks;

SELECT huge, amount, COUNT(*) FROM samples GROUP BY huge, amount ORDER BY huge, amount;

SELECT twice, single, COUNT(*) FROM samples GROUP BY twice, single ORDER BY twice, single;

SELECT vraw, COUNT(*) FROM samples GROUP BY vraw ORDER BY vraw;

SELECT flag, year, SUM(tiny), COUNT(tiny) FROM samples GROUP BY flag, year ORDER BY flag, year;

SELECT ubig, big, COUNT(*) FROM samples GROUP BY ubig, big ORDER BY ubig, big;

-- unordered
SELECT level, COUNT(*) FROM users GROUP BY level WITH ROLLUP;

-- unordered
SELECT country_code, level, COUNT(*), SUM(balance) FROM users GROUP BY country_code, level WITH ROLLUP;

-- unordered
SELECT status, quantity, COUNT(DISTINCT user_id), AVG(total) FROM orders GROUP BY status, quantity WITH ROLLUP HAVING COUNT(*) > 3;

-- unordered
SELECT product_id, MAX(total) FROM orders WHERE total > 400 GROUP BY product_id WITH ROLLUP;

SELECT u.country_code, COUNT(o.order_id), SUM(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY u.country_code ORDER BY u.country_code;

SELECT c.name, COUNT(*) FROM users u JOIN countries c ON c.code = u.country_code GROUP BY c.name ORDER BY c.name;

SELECT p.title, SUM(i.price) FROM order_items i JOIN products p ON p.product_id = i.product_id GROUP BY p.product_id, p.title ORDER BY p.product_id;

SELECT u.user_id, u.level, SUM(o.total) AS worth FROM users u JOIN orders o USING (user_id) GROUP BY u.user_id, u.level HAVING worth > 500 ORDER BY worth DESC, u.user_id LIMIT 5;

SELECT level, SUM(balance) / COUNT(*) AS mean, MAX(balance) - MIN(balance) AS spread FROM users GROUP BY level HAVING spread > 100 ORDER BY mean;

SELECT level FROM users GROUP BY level HAVING SUM(balance) > 1000 AND level <> 3 ORDER BY SUM(balance);

SELECT DISTINCT COUNT(*) FROM users GROUP BY level, mood ORDER BY 1;

SELECT COUNT(*) FROM users GROUP BY level > 2 ORDER BY level > 2;

SELECT mood, GROUP_CONCAT(user_id ORDER BY user_id SEPARATOR '/') AS who FROM users GROUP BY mood ORDER BY mood;

SELECT alarm IS NULL AS silent, COUNT(*), AVG(level) FROM users GROUP BY silent ORDER BY silent;

-- params: 10
-- params: 1
SELECT level MOD ? AS rest, COUNT(*) FROM users GROUP BY rest ORDER BY rest;

-- params: 1, 2
SELECT product_id, COUNT(*) AS n FROM orders WHERE quantity > ? GROUP BY product_id HAVING n >= ? ORDER BY n DESC, product_id;

SELECT attempts, COUNT(*), MAX(login) FROM logins GROUP BY attempts ORDER BY attempts;

SELECT weight IS NULL, COUNT(*), SUM(ticket_id) FROM tickets GROUP BY weight IS NULL ORDER BY 1;

SELECT GROUP_CONCAT(weight ORDER BY ticket_id) FROM tickets GROUP BY ticket_id MOD 3 ORDER BY ticket_id MOD 3;

-- error-only
SELECT level, nonsense, COUNT(*) FROM users GROUP BY level;

-- error-only
SELECT level, COUNT(*) FROM users GROUP BY COUNT(*);

SET SESSION sql_mode = CONCAT(@@sql_mode, ',ONLY_FULL_GROUP_BY');
-- error-only
SELECT level, name, COUNT(*) FROM users GROUP BY level;
SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY level;

-- about: A shard's part of a list is no constant where the list is none: MariaDB tells other types of such groups.
SELECT user_id, MIN(mood), MAX(flags), MIN(tags) FROM users WHERE user_id IN (1, 2, 3, 4) GROUP BY user_id ORDER BY MIN(mood), user_id;

SELECT DISTINCT user_id, flags FROM users WHERE user_id IN (1, 2, 3) ORDER BY user_id;

-- params: 1, 2, 3
SELECT user_id, MAX(mood), MIN(flags) FROM users WHERE user_id IN (?, ?, ?) GROUP BY user_id ORDER BY MAX(mood), user_id;
