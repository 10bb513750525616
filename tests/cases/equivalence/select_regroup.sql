-- about: Groups that each shard makes and one server puts together: HAVING, expressions over aggregates, different values.
SELECT SUM(balance) / COUNT(*) + 1, -MAX(balance), COUNT(*) DIV 7, COUNT(*) / 7, COUNT(*) % 4 FROM users;

SELECT AVG(balance) * 3, AVG(level) * 1000000, ROUND(AVG(level), 6), ROUND(AVG(score) + 0, 9), ROUND(SUM(score) / COUNT(score), 9) FROM users;

SELECT AVG(big) / 7, SUM(ubig) * 2, SUM(huge) * 1.5, AVG(huge) - AVG(amount), SUM(tiny) + 0.1 FROM samples;

SELECT SUM(balance) > 1000, COUNT(*) = 30, IF(COUNT(score) > 10, 'many', 'few'), CONCAT(COUNT(*), ' of ', MAX(user_id)) FROM users;

-- about: No rows: on any shard, and on all.
SELECT COUNT(*) + 0, SUM(level) + 0, AVG(level) * 2, MIN(name), CONCAT(MAX(name)), BIT_AND(level) + 0 FROM users WHERE user_id < -9000000000000000000000;

SELECT COUNT(*) + 1, SUM(total) + 1 FROM orders WHERE total > 100000;

SELECT level, COUNT(*) + 1 FROM users WHERE name = 'nobody' GROUP BY level;

SELECT level, COUNT(*) + 1 FROM users WHERE name = 'nobody' GROUP BY level WITH ROLLUP;

SELECT COUNT(*) FROM users WHERE name = 'nobody' HAVING COUNT(*) = 0;

SELECT COUNT(*) FROM users HAVING COUNT(*) < 0;

SELECT COUNT(DISTINCT level), SUM(DISTINCT level), AVG(DISTINCT level) FROM users WHERE name = 'nobody';

SELECT 'x' AS x, COUNT(*) + 1 FROM users WHERE name = 'nobody';

-- about: Rows on one shard alone.
SELECT level, COUNT(*) + 1, SUM(balance) * 2 FROM users WHERE user_id = 5 OR user_id = 5 GROUP BY level;

SELECT level, COUNT(*) + 1 FROM users WHERE user_id IN (5, 6, 7) AND name = 'Émile' GROUP BY level;

-- about: HAVING
SELECT level, COUNT(*) AS n FROM users GROUP BY level HAVING n > 5 ORDER BY level;

SELECT level, SUM(balance) AS balance FROM users GROUP BY level HAVING balance > 20000 ORDER BY balance;

SELECT level FROM users GROUP BY level HAVING MIN(balance) < 1000 AND MAX(score) > 50 ORDER BY level DESC;

SELECT level, COUNT(*) FROM users GROUP BY level HAVING level > 2 AND COUNT(*) > 1 ORDER BY 1;

SELECT country_code, COUNT(*) FROM users GROUP BY country_code HAVING country_code IS NULL OR COUNT(*) > 4 ORDER BY country_code;

SELECT user_id, SUM(total) FROM orders GROUP BY user_id HAVING SUM(total) > 900 ORDER BY SUM(total) DESC LIMIT 3;

SELECT status, AVG(total) FROM orders GROUP BY status HAVING AVG(total) BETWEEN 200 AND 260 ORDER BY status;

-- error-only
SELECT level, COUNT(*) FROM users GROUP BY level HAVING nonsense > 1;

-- params: 3, 2
-- params: 100, 2
SELECT level, COUNT(*) AS n, SUM(balance * ?) FROM users GROUP BY level HAVING n > ? ORDER BY level;

-- params: 'Ada', 100.5, 1, 2
-- params: 'it''s \\ "quoted"', NULL, 0, 1
SELECT level, SUM(name = ?) AS named, SUM(balance > ?) + 0 FROM users GROUP BY level HAVING COUNT(*) > ? ORDER BY level LIMIT ?;

-- params: 2, 1e0, -5
SELECT SUM(level + ?) * ? - ? FROM users;

-- params: 'a '
SELECT COALESCE(SUM(level), -1), MIN(CONCAT_WS('/', name, ?)) FROM users WHERE user_id = 5 OR user_id = 6;

-- about: Keys of all kinds.
SELECT UPPER(country_code) AS code, COUNT(*) * 2 FROM users GROUP BY code ORDER BY code;

SELECT YEAR(created_at), MONTH(created_at), COUNT(*) * 2 FROM users GROUP BY YEAR(created_at), MONTH(created_at) ORDER BY 1, 2;

SELECT DATE_FORMAT(created_at, '%Y-%m') AS month, COUNT(*) AS n, SUM(balance) / COUNT(*) AS mean FROM users GROUP BY month ORDER BY month;

SELECT DATE(placed_at), SUM(total) + 0 FROM orders GROUP BY DATE(placed_at) HAVING SUM(quantity) > 3 ORDER BY DATE(placed_at) LIMIT 5;

SELECT LEFT(name, 1), COUNT(*) * 2 FROM users GROUP BY LEFT(name, 1) ORDER BY COUNT(*) DESC, MIN(user_id) LIMIT 4;

SELECT BINARY LEFT(name, 1) AS initial, COUNT(*) * 2 FROM users GROUP BY initial ORDER BY initial;

SELECT COUNT(*) * 2, LENGTH(name) FROM users GROUP BY LENGTH(name) ORDER BY 2;

SELECT COUNT(*) * 2 FROM users GROUP BY HEX(name) ORDER BY HEX(name);

SELECT COUNT(DISTINCT BINARY name), COUNT(DISTINCT name), COUNT(*) - 1 FROM users;

SELECT level, COUNT(DISTINCT BINARY name), COUNT(DISTINCT name) FROM users GROUP BY level ORDER BY level;

SELECT COUNT(DISTINCT BINARY general), COUNT(DISTINCT general), COUNT(DISTINCT uca), COUNT(DISTINCT latin), COUNT(DISTINCT fixed), COUNT(DISTINCT bytes) FROM words;

SELECT COUNT(DISTINCT BINARY general) FROM words GROUP BY general ORDER BY MIN(word_id);

SELECT COUNT(*) + 0, MIN(word_id) FROM words GROUP BY uca ORDER BY MIN(word_id);

SELECT COUNT(*) + 0, MIN(word_id) FROM words GROUP BY fixed ORDER BY MIN(word_id);

SELECT COUNT(*) + 0, MIN(word_id) FROM words GROUP BY BINARY general ORDER BY MIN(word_id);

SELECT mood, COUNT(*) * 2 FROM users GROUP BY mood ORDER BY mood;

SELECT mood + 0, COUNT(*) * 2 FROM users GROUP BY mood ORDER BY mood;

SELECT tags, MAX(mood), COUNT(*) * 2 FROM users GROUP BY tags ORDER BY tags;

SELECT flags & 3, COUNT(*) * 2 FROM users GROUP BY flags & 3 ORDER BY 1;

SELECT rating, COUNT(*) * 2 FROM users GROUP BY rating ORDER BY rating;

SELECT twice, COUNT(*) * 2 FROM samples GROUP BY twice ORDER BY twice;

SELECT stamp, MAX(stamp), COUNT(*) * 2 FROM samples GROUP BY stamp ORDER BY stamp;

SELECT day, at, span, fine, year, COUNT(*) * 2 FROM samples GROUP BY day, at, span, fine, year ORDER BY MIN(sample_id);

SELECT bits, raw, vraw, COUNT(*) * 2 FROM samples GROUP BY bits, raw, vraw ORDER BY MIN(sample_id);

SELECT huge, COUNT(*) * 2 FROM samples GROUP BY huge ORDER BY huge;

SELECT level * 2 + 1, COUNT(*) * 2 FROM users GROUP BY level * 2 + 1 ORDER BY level * 2 + 1;

SELECT level + 1, (level + 1) * 2, level + 1 * 2, COUNT(*) * 2 FROM users GROUP BY level + 1, level ORDER BY level;

SELECT CASE WHEN level < 3 THEN 'low' WHEN level < 5 THEN 'mid' ELSE 'high' END AS band, COUNT(*), AVG(balance) + 0 FROM users GROUP BY band HAVING COUNT(*) > 2 ORDER BY band;

SELECT level, name, COUNT(*) * 2 FROM users GROUP BY level, name HAVING COUNT(*) > 1 ORDER BY level, BINARY name;

-- params: 'x', 'y'
SELECT level, CONCAT(level, ?) AS labelled, COUNT(*) * 2 FROM users GROUP BY level, CONCAT(level, ?) ORDER BY level;

-- about: Extremes
SELECT MIN(born), MAX(created_at), MIN(alarm), MAX(seen_at), COUNT(*) + 1 FROM users;

SELECT MIN(mood), MAX(tags), MIN(flags), MAX(rating), MAX(avatar), COUNT(*) + 1 FROM users;

SELECT MAX(binary_text), MIN(binary_text), COUNT(*) + 1 FROM words;

SELECT BIT_AND(small) + 0, BIT_OR(big) + 0, BIT_XOR(tiny) + 0, COUNT(*) + 1 FROM samples;

SELECT grp, BIT_XOR(small), COUNT(*) + 1 FROM samples GROUP BY grp ORDER BY grp;

-- about: Different values
SELECT COUNT(DISTINCT level), COUNT(DISTINCT mood), COUNT(DISTINCT country_code, mood), COUNT(*) FROM users;

SELECT status, COUNT(DISTINCT user_id), COUNT(DISTINCT product_id), SUM(DISTINCT quantity), AVG(DISTINCT quantity), COUNT(*) FROM orders GROUP BY status ORDER BY status;

SELECT COUNT(DISTINCT level + 1), SUM(DISTINCT level * 2), COUNT(DISTINCT IF(level > 3, level, NULL)) FROM users;

SELECT COUNT(DISTINCT rating), COUNT(DISTINCT score), COUNT(DISTINCT born), COUNT(DISTINCT alarm), COUNT(DISTINCT flags), COUNT(DISTINCT seen_at) FROM users;

SELECT GROUP_CONCAT(DISTINCT level ORDER BY level DESC SEPARATOR '-'), COUNT(*) FROM users;

SET SESSION group_concat_max_len = 5;
SELECT GROUP_CONCAT(DISTINCT level ORDER BY level), COUNT(*) FROM users;

SELECT COUNT(DISTINCT o.product_id) * 2, COUNT(DISTINCT u.country_code), SUM(o.total) FROM users u JOIN orders o ON o.user_id = u.user_id;

-- about: ROLLUP
-- unordered
SELECT level, mood, COUNT(*) * 2, SUM(balance) + 0 FROM users GROUP BY level, mood WITH ROLLUP;

-- unordered
SELECT status, COUNT(DISTINCT quantity), MAX(total) FROM orders GROUP BY status WITH ROLLUP HAVING COUNT(*) > 3;

-- about: Windows over groups
SELECT level, COUNT(*), SUM(COUNT(*)) OVER (ORDER BY level) AS running FROM users GROUP BY level ORDER BY level;

SELECT level, SUM(balance), RANK() OVER (ORDER BY SUM(balance) DESC) AS place FROM users GROUP BY level ORDER BY place;

SELECT status, COUNT(*) * 100 / SUM(COUNT(*)) OVER () AS share FROM orders GROUP BY status ORDER BY status;

-- about: DISTINCT, LIMIT, counts of rows
SELECT DISTINCT COUNT(*) AS n FROM users GROUP BY country_code ORDER BY n;

-- about: MariaDB's flags of what is computed from COUNT(*) are not those of COUNT(total), which is read from a temporary table
-- ignore: flags
SELECT DISTINCT level > 2, COUNT(*) > 3 FROM users GROUP BY level ORDER BY 1, 2;

SELECT SQL_CALC_FOUND_ROWS level, COUNT(*) FROM users GROUP BY level ORDER BY level LIMIT 2;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS COUNT(*) + 1 FROM users LIMIT 0;
SELECT FOUND_ROWS();

SELECT level, COUNT(*) + 1 FROM users GROUP BY level ORDER BY level LIMIT 2 OFFSET 2;

SELECT level, COUNT(*) + 1 FROM users GROUP BY level ORDER BY SUM(balance) / COUNT(*) LIMIT 3;

SELECT mood, level, COUNT(*) FROM users GROUP BY level, mood ORDER BY MAX(user_id) - MIN(user_id), level, mood LIMIT 7;

-- about: Joins, derived tables, common table expressions
SELECT u.level, c.name, COUNT(*) * 2, SUM(u.balance) + 0 FROM users u JOIN countries c ON c.code = u.country_code GROUP BY u.level, c.name HAVING COUNT(*) > 1 ORDER BY u.level, c.name;

SELECT u.name, p.title AS name2, COUNT(*) + 0, SUM(o.quantity) * 2 FROM users u JOIN orders o USING (user_id) JOIN products p ON p.product_id = o.product_id GROUP BY u.user_id, u.name, p.product_id, p.title HAVING COUNT(*) > 0 ORDER BY u.user_id, p.product_id;

SELECT p.title, c.name, COUNT(*) - 1 FROM users u JOIN orders o USING (user_id) JOIN products p ON p.product_id = o.product_id JOIN countries c ON c.code = u.country_code GROUP BY p.title, c.name ORDER BY p.title, c.name;

SELECT u.user_id, COUNT(o.order_id) * 2 AS twice FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY u.user_id HAVING twice = 0 ORDER BY u.user_id;

SELECT d.level, COUNT(*) + 1, MAX(d.name) FROM (SELECT user_id, level, CONCAT('#', user_id) AS name FROM users WHERE balance > 1000) d GROUP BY d.level ORDER BY d.level;

WITH rich AS (SELECT user_id, level, balance FROM users WHERE balance > 3000) SELECT level, COUNT(*) + 1 FROM rich GROUP BY level ORDER BY level;

SELECT level, COUNT(*) + 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND o.total > 300) GROUP BY level ORDER BY level;

-- about: A transaction's own rows are counted.
BEGIN;
UPDATE users SET balance = balance + 1000 WHERE level = 2;
SELECT level, SUM(balance) / COUNT(*), COUNT(*) + 1 FROM users GROUP BY level ORDER BY level;
ROLLBACK;
SELECT level, SUM(balance) / COUNT(*), COUNT(*) + 1 FROM users GROUP BY level ORDER BY level;

-- about: What the session alone knows.
SET @bound = 3;
SELECT COUNT(*) + @bound FROM users WHERE level > @bound;
SELECT COUNT(*) + 1 FROM users WHERE level > @bound GROUP BY level ORDER BY level;

SET SESSION sql_mode = CONCAT(@@sql_mode, ',ONLY_FULL_GROUP_BY');
-- error-only
SELECT level, name, COUNT(*) + 1 FROM users GROUP BY level;
SELECT level, COUNT(*) + 1 FROM users GROUP BY level ORDER BY level;
SELECT YEAR(created_at), COUNT(*) + 1 FROM users GROUP BY YEAR(created_at) ORDER BY 1;

SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
SELECT "level" || '\' AS "key", COUNT(*) + 1 FROM "users" GROUP BY "level" || '\' ORDER BY "key";
SELECT level, COUNT(*) || '!' FROM users GROUP BY level ORDER BY level;

SELECT ALL COUNT(*) + 1, MAX(`name`) AS `SUM` FROM `users` WHERE `users`.`level` > 3 GROUP BY `users`.`level` ORDER BY `users`.`level`;

SELECT COUNT(*) + 1 AS `a ``quoted`` name`, level FROM users GROUP BY level HAVING `a ``quoted`` name` > 6 ORDER BY level;

SELECT COUNT(*) + 1 /* a comment */ , level -- another
 FROM users WHERE level > 1 # and one more
 GROUP BY level ORDER BY level;

-- about: different constants of no rows
SELECT COUNT(*), SUM(DISTINCT 0.01), AVG(DISTINCT 'x') FROM orders WHERE user_id IN (1, 2, 3) AND status = 'nothing';
SELECT SUM(DISTINCT 5) FROM orders WHERE status = 'nothing' HAVING COUNT(*) <> 3;
