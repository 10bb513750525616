-- about: Groups of a derived table, its different rows, and its first ones.
SELECT COUNT(*) FROM (SELECT DISTINCT country_code FROM users) d;

SELECT COUNT(*), MIN(c), MAX(c) FROM (SELECT DISTINCT country_code AS c, level FROM users WHERE user_id > 3) d;

SELECT COUNT(*) FROM (SELECT level FROM users GROUP BY level HAVING COUNT(*) > 2) x;

SELECT AVG(n), SUM(n), MAX(m) FROM (SELECT level, COUNT(*) AS n, MAX(balance) AS m FROM users GROUP BY level) x;

SELECT x.n, COUNT(*) FROM (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) x GROUP BY x.n ORDER BY x.n;

SELECT x.n, COUNT(*) FROM (SELECT status, AVG(total) AS n FROM orders GROUP BY status) x GROUP BY x.n ORDER BY x.n;

WITH per_status AS (SELECT status, SUM(total) AS s, COUNT(*) AS n FROM orders GROUP BY status) SELECT status, s / n AS mean FROM per_status WHERE n > 3 ORDER BY mean DESC;

SELECT RANK() OVER (ORDER BY n DESC, country_code), country_code, n FROM (SELECT country_code, COUNT(*) AS n FROM users GROUP BY country_code) x ORDER BY 1;

SELECT COUNT(*) FROM (SELECT x.l FROM (SELECT DISTINCT level AS l FROM users) x WHERE x.l > 1) y;

SELECT * FROM (SELECT level, COUNT(*) AS n FROM users GROUP BY level) x UNION ALL SELECT 100, 200 ORDER BY 1;

SELECT d.status, d.n FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY n DESC, status LIMIT 2) d ORDER BY d.status;

-- params: 2, 1, 3
-- params: 0, 5, 1
SELECT COUNT(*), SUM(n) FROM (SELECT level, COUNT(*) AS n FROM users WHERE user_id > ? GROUP BY level HAVING n > ?) x WHERE n <> ?;

-- about: No rows, and one shard.
SELECT COUNT(*), MAX(c) FROM (SELECT DISTINCT country_code AS c FROM users WHERE name = 'nobody') d;

SELECT COUNT(*) FROM (SELECT DISTINCT country_code FROM users WHERE user_id = 5) d;

SELECT x.* FROM (SELECT COUNT(*) AS n, SUM(balance) AS s FROM users WHERE name = 'nobody') x;

-- about: An aggregate over one row of a derived table.
SELECT SQL_CALC_FOUND_ROWS COUNT(*) FROM (SELECT DISTINCT country_code FROM users) d LIMIT 0;
SELECT FOUND_ROWS();

SELECT COUNT(*) FROM (SELECT 1 AS one FROM users LIMIT 7) sub;

SELECT COUNT(*), MIN(user_id), MAX(b) FROM (SELECT user_id, balance AS b FROM users ORDER BY b DESC, user_id LIMIT 4 OFFSET 2) sub;

SELECT name FROM (SELECT name, user_id AS name2 FROM users ORDER BY 2 DESC LIMIT 5) sub ORDER BY name2;

-- about: The numbers of a seed follow each other.
SELECT user_id, RAND(3) FROM users ORDER BY user_id;

SELECT user_id, RAND(user_id) FROM users ORDER BY user_id LIMIT 5;

SELECT user_id FROM users WHERE RAND(7) < 0.5 ORDER BY user_id;

SELECT COUNT(*) FROM users WHERE RAND(7) < 0.5;

SELECT user_id, name FROM users ORDER BY RAND(11), user_id LIMIT 6;

-- about: an empty answer, of which MariaDB says that its columns are the table's
SELECT q.x8, RANK() OVER (ORDER BY q.x6) AS place
  FROM (SELECT d.x2 AS x6, d.x4 AS x8
          FROM (SELECT DISTINCT title AS x2, ticket_id AS x4 FROM tickets WHERE ticket_id > 1000000) d) q;
