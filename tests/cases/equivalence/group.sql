-- about: GROUP BY and aggregates over several shards. Without ORDER BY groups come in any order in MySQL.
SELECT COUNT(*) FROM users;

SELECT COUNT(*), COUNT(email), COUNT(country_code) FROM users;

SELECT SUM(balance) FROM users WHERE level > 1;

SELECT SUM(level), SUM(user_id), AVG(level), AVG(user_id), AVG(balance) FROM users;

SELECT AVG(balance), MIN(email) FROM users;

SELECT AVG(balance), MIN(email), MAX(email), MAX(name) FROM users;

SELECT MIN(user_id), MAX(user_id), MIN(balance), MAX(balance), MIN(born), MAX(born) FROM users;

SELECT MIN(created_at), MAX(created_at), MIN(seen_at), MAX(seen_at), MIN(alarm), MAX(alarm) FROM users;

SELECT MIN(rating), MAX(rating), MIN(flags), MAX(flags), MIN(avatar), MAX(avatar) FROM users;

SELECT MIN(score), MAX(score) FROM users;

SELECT BIT_AND(level), BIT_OR(level), BIT_XOR(level), BIT_XOR(user_id) FROM users;

SELECT BIT_AND(level), BIT_OR(level), BIT_XOR(level), SUM(level), MAX(level), COUNT(level), AVG(level) FROM users WHERE level > 1000;

SELECT 'a', COUNT(*), 1.5, NULL FROM users;

SELECT COUNT(*) AS n FROM users LIMIT 1;

SELECT COUNT(*) FROM users LIMIT 0;

SELECT COUNT(*) FROM users LIMIT 1, 5;

SELECT COUNT(*) AS n FROM users ORDER BY n;

SELECT COUNT(*) FROM users ORDER BY 1 DESC;

SELECT SUM(balance * level), SUM(balance / 3), AVG(balance * level) FROM users;

SELECT SUM(1), COUNT(1), COUNT(NULL) FROM users;

SELECT SUM(level / 3), AVG(level / 7), SUM(balance / level), SUM(1 / 3) FROM users;

SELECT SUM(d.x), AVG(d.x), COUNT(d.x) FROM (SELECT level / 3 AS x FROM users) d;

SELECT MAX(UPPER(name)), MIN(LENGTH(name)), MAX(balance + 1) FROM users;

SELECT MAX(name COLLATE utf8mb4_bin), MIN(CONCAT(user_id, '')) FROM users;

SELECT MAX(DATE(created_at)), MIN(YEAR(born)), MAX(level > 2) FROM users;

-- unordered
SELECT country_code FROM users GROUP BY country_code;

-- unordered
SELECT country_code, COUNT(*) FROM users GROUP BY country_code;

SELECT country_code, COUNT(*) FROM users GROUP BY country_code ORDER BY country_code DESC;

SELECT country_code, COUNT(*) AS n FROM users GROUP BY country_code ORDER BY n DESC, country_code;

SELECT country_code, SUM(balance) s FROM users GROUP BY country_code ORDER BY s;

SELECT country_code, SUM(balance) s FROM users GROUP BY country_code ORDER BY s DESC LIMIT 2;

SELECT country_code, AVG(balance) FROM users GROUP BY country_code ORDER BY 2 LIMIT 1, 3;

SELECT country_code FROM users GROUP BY country_code ORDER BY COUNT(*), country_code;

SELECT country_code FROM users GROUP BY country_code ORDER BY MAX(name), country_code;

SELECT country_code, MAX(name) FROM users GROUP BY country_code ORDER BY MAX(name) DESC, country_code LIMIT 3;

-- unordered
SELECT country_code, level, COUNT(*), SUM(balance) FROM users GROUP BY country_code, level;

SELECT country_code, level, COUNT(*) FROM users GROUP BY country_code, level ORDER BY level DESC, country_code;

SELECT country_code, level, COUNT(*) FROM users GROUP BY country_code, level ORDER BY level, country_code LIMIT 3;

SELECT country_code, level, COUNT(*) FROM users GROUP BY 1, 2 ORDER BY 2, 1 LIMIT 2, 4;

-- unordered
SELECT level, COUNT(*), AVG(balance), MIN(born), MAX(born) FROM users GROUP BY level;

-- unordered
SELECT mood, COUNT(*) FROM users GROUP BY mood;

-- unordered
SELECT tags, COUNT(*) FROM users GROUP BY tags;

SELECT flags, COUNT(*) FROM users GROUP BY flags ORDER BY flags;

-- unordered
SELECT rating, COUNT(*) FROM users GROUP BY rating;

-- unordered
SELECT born, COUNT(*) FROM users GROUP BY born;

-- unordered
SELECT seen_at, COUNT(*) FROM users GROUP BY seen_at;

-- unordered
SELECT alarm, COUNT(*) FROM users GROUP BY alarm;

-- unordered
SELECT email, COUNT(*) FROM users GROUP BY email;

-- about: Which of 'Ada' and 'ada' stands for both is anybody's choice.
-- unordered
SELECT COUNT(*), MIN(user_id) FROM users GROUP BY name;

-- unordered
SELECT UPPER(name) AS big, COUNT(*) FROM users GROUP BY UPPER(name);

SELECT UPPER(name) AS big, COUNT(*) FROM users GROUP BY big ORDER BY big DESC;

-- unordered
SELECT COUNT(*) FROM users GROUP BY LENGTH(name);

SELECT LENGTH(name), COUNT(*) FROM users GROUP BY LENGTH(name) ORDER BY LENGTH(name);

-- unordered
SELECT YEAR(born) y, COUNT(*) FROM users GROUP BY y;

-- unordered
SELECT YEAR(born) y, COUNT(*) FROM users GROUP BY YEAR(born) ORDER BY NULL;

-- unordered
SELECT level % 2, COUNT(*) FROM users GROUP BY level % 2;

-- unordered
SELECT status, SUM(total), AVG(total), MIN(total), MAX(total), SUM(quantity) FROM orders GROUP BY status;

SELECT status, COUNT(*) FROM orders WHERE total > 100 GROUP BY status ORDER BY COUNT(*) DESC, status;

-- unordered
SELECT u.country_code, SUM(o.total) FROM users u JOIN orders o ON o.user_id = u.user_id GROUP BY u.country_code;

SELECT c.name, COUNT(*) FROM users u JOIN countries c ON c.code = u.country_code GROUP BY c.name ORDER BY c.name;

SELECT c.name, COUNT(*) n FROM users u JOIN countries c ON c.code = u.country_code GROUP BY c.name ORDER BY n, c.name LIMIT 3;

-- unordered
SELECT u.user_id, COUNT(o.order_id) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY u.user_id;

-- unordered
SELECT user_id, name, COUNT(*) FROM users GROUP BY user_id, name;

-- unordered
SELECT note, COUNT(*), SUM(price) FROM order_items GROUP BY note;

SELECT weight, COUNT(*) FROM tickets GROUP BY weight ORDER BY weight DESC;

-- unordered
SELECT attempts, COUNT(*), MIN(login), MAX(login) FROM logins GROUP BY attempts;

-- params: 2
-- params: 100
SELECT COUNT(*), SUM(balance) FROM users WHERE level > ?;

-- params: 2
-- unordered
SELECT level % ?, COUNT(*) FROM users GROUP BY 1;

-- params: 3, 2
SELECT country_code, SUM(level + ?) FROM users GROUP BY country_code ORDER BY country_code LIMIT ?;

-- params: 1, 2
SELECT level, COUNT(*) n FROM users GROUP BY level ORDER BY n DESC, level LIMIT ?, ?;

SELECT country_code, COUNT(*) FROM users GROUP BY country_code LIMIT 2;
SELECT FOUND_ROWS();

SELECT country_code, COUNT(*) n FROM users GROUP BY country_code ORDER BY n DESC, country_code LIMIT 1, 2;
SELECT FOUND_ROWS();

SELECT COUNT(*) FROM users;
SELECT FOUND_ROWS();

-- unordered
SELECT level, COUNT(*) FROM users WHERE user_id > 100000 AND user_id < 100001 GROUP BY level;

SELECT COUNT(*), MAX(name), SUM(balance) FROM users WHERE user_id > 100000 AND user_id < 100001;

SELECT COUNT(*) FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id);

SELECT COUNT(*) FROM users LOCK IN SHARE MODE;

BEGIN;
UPDATE users SET balance = 0 WHERE user_id = 3;
SELECT SUM(balance), COUNT(*) FROM users;
SELECT country_code, SUM(balance) FROM users GROUP BY country_code LIMIT 2;
ROLLBACK;

-- unordered
SELECT nosuch, COUNT(*) FROM users GROUP BY nosuch;

SELECT COUNT(nosuch) FROM users;

-- about: Sums of DOUBLE depend on the order of their rows.
-- ignore: rows
SELECT SUM(score), AVG(score) FROM users;

SELECT ROUND(AVG(level), 2) FROM users WHERE user_id = 3;

SELECT SUM(user_id) FROM users WHERE user_id > 9000000000000000000;
