-- about: Queries within others whose answers are groups or aggregates, which are answered by themselves.
SELECT (SELECT COUNT(*) FROM users), (SELECT MAX(balance) FROM users), (SELECT MIN(title) FROM tickets), (SELECT AVG(level) FROM users) AS a;

SELECT (SELECT COUNT(*) FROM users WHERE level > 2) / (SELECT COUNT(*) FROM tickets) AS ratio, (SELECT SUM(balance) FROM users) + 1;

SELECT user_id, name FROM users WHERE balance = (SELECT MAX(balance) FROM users) ORDER BY 1;

SELECT user_id FROM users WHERE balance > (SELECT AVG(balance) FROM users u WHERE u.level IS NOT NULL) ORDER BY 1;

SELECT 'users' AS what, COUNT(*) AS n FROM users UNION ALL SELECT 'tickets', COUNT(*) FROM tickets;

SELECT 'users', COUNT(*) FROM users AS t UNION ALL SELECT 'tickets', COUNT(*) FROM tickets t UNION SELECT 'none', 0 ORDER BY 2, 1;

SELECT COUNT(*) FROM users UNION SELECT MAX(weight) FROM tickets UNION SELECT title FROM tickets WHERE ticket_id < 3 ORDER BY 1;

SELECT q.level, q.n, t.title FROM (SELECT level, COUNT(*) AS n FROM users GROUP BY level) q JOIN tickets t ON t.ticket_id = q.n ORDER BY 1, 3;

SELECT q.m, SUM(q.n), MAX(q.b) FROM (SELECT user_id % 3 AS m, level, COUNT(*) AS n, SUM(balance) AS b FROM users GROUP BY m, level) q LEFT JOIN tickets t ON t.ticket_id = q.n GROUP BY q.m ORDER BY 1;

SELECT user_id, name FROM users WHERE user_id IN (SELECT MAX(user_id) FROM users GROUP BY level) ORDER BY 1;

SELECT user_id FROM users WHERE (level, balance) IN (SELECT level, MAX(balance) FROM users GROUP BY level) ORDER BY 1;

SELECT user_id FROM users WHERE balance >= ALL (SELECT balance FROM users WHERE balance IS NOT NULL GROUP BY balance) ORDER BY 1;

SELECT level, COUNT(*) AS c FROM users GROUP BY level HAVING c > (SELECT COUNT(*) FROM tickets WHERE ticket_id < 3) ORDER BY 1;

SELECT * FROM (SELECT DISTINCT level FROM users) q CROSS JOIN (SELECT COUNT(DISTINCT level) AS d FROM users) r ORDER BY 1;

SELECT a.level FROM (SELECT DISTINCT level FROM users) a JOIN (SELECT DISTINCT level FROM users) b ON a.level <=> b.level ORDER BY 1;

SELECT EXISTS (SELECT level FROM users GROUP BY level HAVING COUNT(*) > 1), (SELECT GROUP_CONCAT(title ORDER BY ticket_id SEPARATOR '·') FROM tickets), (SELECT STD(level) FROM users);

SELECT (SELECT COUNT(*) FROM users) AS `all`, u.user_id FROM users u WHERE u.user_id < 4 ORDER BY 2;

SELECT IF((SELECT COUNT(*) FROM users) > 5, 'many', 'few') AS how, (SELECT MAX(name) FROM users) AS last_name;

-- about: Of no rows, and NULL.
SELECT (SELECT COUNT(*) FROM users WHERE user_id < -5), (SELECT SUM(balance) FROM users WHERE user_id < -5), (SELECT MAX(level) FROM users GROUP BY level HAVING COUNT(*) > 1000);

SELECT user_id FROM users WHERE level NOT IN (SELECT level FROM users WHERE user_id < 4 GROUP BY level) ORDER BY 1;

-- about: More rows than a value can have.
-- error-only
SELECT (SELECT MAX(user_id) FROM users GROUP BY level);

-- about: Names that only what is around them has, and such as are twice.
SELECT u.user_id, (SELECT COUNT(*) FROM tickets WHERE ticket_id = balance) FROM users u ORDER BY 1;

SELECT u.user_id, (SELECT MAX(t.weight) FROM tickets t WHERE t.ticket_id = u.user_id) FROM users u ORDER BY 1;

SELECT u.user_id, (SELECT MAX(u.balance) FROM tickets t WHERE t.ticket_id = 1) FROM users u ORDER BY 1;

-- error-only
SELECT * FROM (SELECT COUNT(*), COUNT(*) FROM users) q, (SELECT COUNT(*) AS n FROM tickets) r;

SELECT COUNT(*), COUNT(*) FROM users UNION ALL SELECT COUNT(*), MAX(ticket_id) FROM tickets;

SELECT (SELECT nothing FROM (SELECT COUNT(*) AS nothing FROM users) q), (SELECT '' FROM users GROUP BY 1);

-- about: Types.
SELECT q.* FROM (SELECT MAX(name), MIN(balance), BIT_OR(level), JSON_ARRAYAGG(user_id) IS NULL AS j, AVG(balance), SUM(level) FROM users) q, (SELECT MAX(weight) AS w FROM tickets) r;

SELECT (SELECT MAX(balance) FROM users) = (SELECT balance FROM users ORDER BY balance DESC LIMIT 1) AS is_same;

-- about: What a text is compared by depends on whether it is a column's.
SELECT word_id FROM words WHERE latin = (SELECT MAX('A') FROM users) ORDER BY 1;

SELECT word_id FROM words WHERE binary_text = (SELECT LOWER(MAX(general)) FROM words WHERE word_id < 4) OR uca = (SELECT MIN('a') FROM users) ORDER BY 1;

SELECT word_id FROM words WHERE uca IN (SELECT DISTINCT 'a' FROM users) OR general IN (SELECT DISTINCT HEX(level) FROM users) ORDER BY 1;

SELECT word_id FROM words WHERE general IN (SELECT general FROM words GROUP BY general HAVING COUNT(*) > 1) ORDER BY 1;

-- error-only
SELECT word_id FROM words WHERE general = (SELECT MAX(uca) FROM words);

SELECT latin FROM words INTERSECT SELECT DISTINCT 'a' FROM users ORDER BY 1;

SELECT uca FROM words WHERE word_id < 5 UNION SELECT MAX('é') FROM users UNION SELECT MIN(title) FROM tickets WHERE ticket_id < 0;

SELECT q.w, r.n FROM (SELECT 'A' AS w, COUNT(*) FROM users) q JOIN (SELECT word_id AS n, MAX(latin) AS m FROM words GROUP BY word_id) r ON r.m = q.w ORDER BY 1, 2;

SELECT * FROM (SELECT DISTINCT * FROM tickets) q JOIN (SELECT COUNT(*) AS n FROM users) r ORDER BY 1 LIMIT 3;

SELECT DISTINCT d.x FROM (SELECT c.n AS x FROM (SELECT COUNT(level) AS n FROM users) c) d WHERE EXISTS (SELECT 100 FROM tickets);

SELECT word_id FROM words WHERE latin = (SELECT MAX(x'41') FROM users) OR general IN (SELECT DISTINCT x'61' FROM users) ORDER BY 1;

-- about: A value that the type of its expression has no room for.
SELECT (SELECT AVG(HOUR(TIME'-838:59:59')) FROM users) AS h, (SELECT COUNT(*) FROM tickets) AS n;

-- about: Parameters, within such a query and beside it.
-- params: 3
SELECT user_id FROM users WHERE user_id > ? AND balance < (SELECT MAX(balance) FROM users) ORDER BY 1;

-- params: 3, 2
SELECT user_id FROM users WHERE user_id > ? AND balance < (SELECT MAX(balance) FROM users WHERE level > ?) ORDER BY 1;

-- params: 2
SELECT (SELECT COUNT(*) FROM users) + ? AS n, (SELECT COUNT(*) FROM tickets);

-- about: What the session has.
SET NAMES latin1;
SELECT (SELECT MAX(name) FROM users), (SELECT GROUP_CONCAT(name ORDER BY name) FROM users), q.title FROM (SELECT MAX(title) AS title FROM tickets) q;

SET @level = 2;
SELECT (SELECT COUNT(*) FROM users WHERE level = @level), (SELECT COUNT(*) FROM tickets WHERE weight > @level);

SET sql_select_limit = 2;
SELECT (SELECT COUNT(*) FROM (SELECT level FROM users GROUP BY level) q), (SELECT COUNT(*) FROM tickets);
SELECT u.user_id FROM users u JOIN (SELECT level FROM users GROUP BY level) q ON q.level = u.user_id ORDER BY 1;

SELECT SQL_CALC_FOUND_ROWS user_id FROM users WHERE balance <= (SELECT MAX(balance) FROM users) ORDER BY 1 LIMIT 2;
SELECT FOUND_ROWS();
SELECT FOUND_ROWS(), (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM tickets);

-- about: A warning in one of them.
SELECT (SELECT SUM(CAST(name AS UNSIGNED)) FROM users), (SELECT COUNT(*) FROM tickets);

-- about: In a transaction, which sees what it wrote.
BEGIN;
INSERT INTO users (user_id, name, email, level, balance) VALUES (9001, 'late', 'late@example.com', 9, 99999.99);
SELECT (SELECT COUNT(*) FROM users), (SELECT MAX(balance) FROM users), (SELECT COUNT(*) FROM tickets);
ROLLBACK;
SELECT (SELECT COUNT(*) FROM users), (SELECT MAX(balance) FROM users), (SELECT COUNT(*) FROM tickets);

-- about: Rows that an answer rules out stay where they are.
SELECT user_id, name FROM users WHERE level = (SELECT MAX(level) FROM users) AND user_id > 3 ORDER BY 1;

SELECT user_id FROM users u WHERE (SELECT AVG(balance) FROM users) < u.balance OR u.level IS NULL ORDER BY 1;

SELECT user_id FROM users u WHERE (SELECT MIN(balance) FROM users WHERE level > 2) <= u.balance AND u.born >= (SELECT MIN(born) FROM users) ORDER BY 1;

SELECT user_id FROM users WHERE born = (SELECT MAX(born) FROM users) ORDER BY 1;

SELECT user_id FROM users WHERE created_at >= (SELECT MAX(created_at) FROM users) ORDER BY 1;

SELECT user_id FROM users WHERE created_at = (SELECT MAX(placed_at) FROM orders) OR born < (SELECT MIN(placed_at) FROM orders) ORDER BY 1;

SELECT user_id FROM users WHERE born < (SELECT MIN(placed_at) FROM orders) AND created_at > (SELECT MIN(born) FROM users) ORDER BY 1;

SELECT user_id, order_id FROM orders WHERE order_id IN (SELECT MAX(order_id) FROM orders GROUP BY status) ORDER BY 1, 2;

SELECT o.user_id, o.order_id, q.top FROM orders o JOIN (SELECT status, MAX(total) AS top FROM orders GROUP BY status) q ON q.top = o.total ORDER BY 1, 2, 3;

SELECT o.user_id, o.order_id FROM (SELECT product_id, MAX(placed_at) AS newest FROM orders GROUP BY product_id) q JOIN orders o ON o.product_id = q.product_id AND o.placed_at = q.newest ORDER BY 1, 2;

SELECT q.level, u.user_id FROM (SELECT level + 1 AS level FROM users GROUP BY level) q LEFT JOIN users u ON u.level = q.level AND u.balance > 10 ORDER BY 1, 2;

SELECT u.user_id, q.n FROM users u LEFT JOIN (SELECT level, COUNT(*) AS n FROM users GROUP BY level HAVING n > 1) q ON u.level = q.level ORDER BY 1;

SELECT t.ticket_id FROM tickets t JOIN (SELECT user_id % 7, level AS a FROM users GROUP BY 1, 2) q (a, b) ON t.ticket_id = q.a ORDER BY 1;

SELECT COUNT(*) FROM users WHERE level > (SELECT MAX(level) FROM users WHERE user_id < -5);

SELECT COUNT(*) FROM users WHERE user_id IN (SELECT MAX(weight) FROM tickets WHERE ticket_id < 0 GROUP BY title);

SELECT ticket_id FROM tickets WHERE weight IN (SELECT MIN(weight) FROM tickets GROUP BY title) OR weight NOT IN (SELECT MAX(weight) FROM tickets WHERE weight > 3 GROUP BY title) ORDER BY 1;

SELECT ticket_id FROM tickets WHERE title = (SELECT MAX(weight) FROM tickets) OR weight = (SELECT MAX(title) FROM tickets) ORDER BY 1;

SELECT u.user_id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.total = (SELECT MAX(total) FROM orders) AND o.product_id > u.level) AND u.user_id < 9 ORDER BY 1;

SELECT u.user_id FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.product_id = u.user_id AND o.total <= (SELECT AVG(total) FROM orders)) ORDER BY 1;

-- about: Of several values that one is compared with.
-- error-only
SELECT user_id FROM users WHERE level = (SELECT MAX(level) FROM users GROUP BY level);

-- about: Parameters of all types within.
-- params: 'sent', 10.5, 2
-- params: 'nothing', 0, NULL
SELECT (SELECT COUNT(*) FROM orders WHERE status = ?), (SELECT SUM(total) FROM orders WHERE total > ?) AS s, user_id FROM users WHERE level = (SELECT MAX(level) FROM users WHERE user_id > ?) ORDER BY 3;

-- params: '2023-01-01', 5, 1e0
-- params: '2024-06-01 12:00:00', -1, 2.5e0
SELECT user_id FROM users WHERE created_at >= (SELECT MIN(created_at) FROM users WHERE created_at > ?) AND level <= (SELECT ? + MAX(level) FROM users) AND (SELECT COUNT(*) FROM users WHERE score > ?) > 0 ORDER BY 1;

-- params: 'a%', 3, x'61'
SELECT q.n, u.name FROM (SELECT level, COUNT(*) AS n FROM users WHERE name LIKE ? GROUP BY level) q JOIN users u ON u.level = q.level WHERE u.user_id > ? AND u.name <> ? ORDER BY 1, 2;

-- params: 'x', 4
-- params: 'it''s \\', 18446744073709551615
SELECT ? AS a, COUNT(*) AS n, ? AS b FROM users UNION ALL SELECT title, ticket_id, weight FROM tickets WHERE ticket_id < 4 ORDER BY 1, 2, 3;

-- about: Common table expressions.
-- ignore: schema, table, org_table, org_name
WITH c AS (SELECT level, COUNT(*) AS n, MAX(balance) AS top FROM users GROUP BY level) SELECT c.level, c.n, t.title FROM c JOIN tickets t ON t.ticket_id = c.n ORDER BY 1, 3;

-- ignore: schema, table, org_table, org_name
WITH c (a, b) AS (SELECT level, MAX(balance) FROM users GROUP BY level), d AS (SELECT MAX(a) AS m FROM c) SELECT u.user_id, c.a, d.m FROM users u JOIN c ON c.b = u.balance, d ORDER BY 1, 2;

-- ignore: schema, table, org_table, org_name
WITH c AS (SELECT level, COUNT(*) AS n FROM users GROUP BY level) SELECT x.level, y.level FROM c x JOIN c y ON x.n = y.n AND x.level < y.level ORDER BY 1, 2;

-- ignore: schema, table, org_table, org_name
WITH c AS (SELECT MAX(weight) AS w FROM tickets), d AS (SELECT u.level, COUNT(*) AS n FROM users u, c WHERE u.level < c.w GROUP BY u.level) SELECT * FROM d ORDER BY 1;

-- ignore: schema, table, org_table, org_name
-- params: 2, 4
WITH c AS (SELECT level, COUNT(*) AS n FROM users WHERE level > ? GROUP BY level) SELECT c.n, u.user_id FROM c JOIN users u ON u.level = c.level WHERE u.user_id > ? ORDER BY 1, 2;

WITH c AS (SELECT 1 AS one) SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM c), (SELECT MAX(one) FROM c);

WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n, (SELECT COUNT(*) FROM users) AS k FROM c ORDER BY 1;

-- about: Members, and moments.
SELECT q.status, q.n, t.title FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) q JOIN tickets t ON t.ticket_id = q.n % 5 ORDER BY q.status, 3;

SELECT q.mood, q.mood + 0, q.tags, q.tags + 0, q.n, u.user_id FROM (SELECT mood, tags, COUNT(*) AS n FROM users GROUP BY mood, tags) q JOIN users u ON u.mood = q.mood AND u.level = q.n ORDER BY 1, 3, 6;

SELECT DISTINCT status FROM orders WHERE status IN (SELECT DISTINCT status FROM orders WHERE total > 50) AND EXISTS (SELECT 1 FROM tickets);

SELECT status, COUNT(*) FROM orders GROUP BY status UNION ALL SELECT mood, COUNT(*) FROM users GROUP BY mood ORDER BY 1, 2;

SELECT user_id FROM users WHERE seen_at = (SELECT MAX(seen_at) FROM users) ORDER BY 1;

SELECT (SELECT MAX(seen_at) FROM users), (SELECT MIN(seen_at) FROM users) + INTERVAL 1 HOUR, (SELECT COUNT(*) FROM tickets);

SET time_zone = '-03:30';
SELECT q.level, q.newest, UNIX_TIMESTAMP(q.newest) FROM (SELECT level, MAX(seen_at) AS newest FROM users GROUP BY level) q JOIN tickets t ON t.ticket_id = q.level ORDER BY 1;

-- about: An hour that comes twice.
SET time_zone = '+00:00';
UPDATE users SET seen_at = FROM_UNIXTIME(1729987200 + user_id * 1200) WHERE user_id BETWEEN 1 AND 6;
SET time_zone = 'Test/Twice';
SELECT q.seen, UNIX_TIMESTAMP(q.seen), t.title FROM (SELECT user_id, MAX(seen_at) AS seen FROM users WHERE user_id BETWEEN 1 AND 6 GROUP BY user_id) q JOIN tickets t ON t.ticket_id = q.user_id ORDER BY t.ticket_id;
SELECT q.seen, UNIX_TIMESTAMP(q.seen), t.title FROM (SELECT level, MAX(seen_at) AS seen FROM users WHERE user_id > 6 AND seen_at > '2001-01-01' GROUP BY level) q JOIN tickets t ON t.ticket_id = q.level ORDER BY 2;
SELECT user_id, seen_at FROM users WHERE seen_at = (SELECT MAX(seen_at) FROM users WHERE user_id <> 3) OR user_id < 0 ORDER BY 1;
SELECT user_id, seen_at FROM users WHERE seen_at <= (SELECT MAX(seen_at) FROM users WHERE user_id BETWEEN 1 AND 6) AND seen_at >= (SELECT MIN(seen_at) FROM users WHERE user_id BETWEEN 1 AND 6) ORDER BY 1;
SELECT user_id, seen_at FROM users WHERE seen_at > (SELECT MAX(seen_at) FROM users WHERE user_id > 6) ORDER BY 1;

-- about: Texts of expressions, where they meet no others, or such.
SELECT q.m, q.n, t.title FROM (SELECT DATE_FORMAT(created_at, '%Y-%m') AS m, COUNT(*) AS n FROM users GROUP BY m) q JOIN tickets t ON t.ticket_id = q.n ORDER BY q.m, t.title;

SELECT a.m AS `month`, a.total, b.n FROM (SELECT DATE_FORMAT(placed_at, '%Y-%m') AS m, SUM(total) AS total FROM orders GROUP BY m) a LEFT JOIN (SELECT DATE_FORMAT(created_at, '%Y-%m') m, COUNT(*) AS n FROM users GROUP BY 1) b ON a.m = b.m ORDER BY a.m;

SELECT (SELECT GROUP_CONCAT(title ORDER BY ticket_id SEPARATOR '·') FROM tickets) titles, (SELECT CONCAT(MAX(name), '!') FROM users), (SELECT COUNT(*) FROM users);

SELECT DISTINCT q.c FROM (SELECT UPPER(name) AS c, LENGTH(name) AS l FROM users GROUP BY c, l) q, (SELECT MAX(level) AS m FROM users) r WHERE q.l > r.m ORDER BY q.c;

SELECT x.k, y.k FROM (SELECT CONCAT(latin, '') AS k FROM words GROUP BY k) x JOIN (SELECT CONCAT(general, '') AS k, COUNT(*) FROM words GROUP BY k) y ON x.k = y.k ORDER BY x.k, y.k;

-- error-only
SELECT x.k, y.k FROM (SELECT CONCAT(uca, '') AS k FROM words GROUP BY k) x JOIN (SELECT CONCAT(general, '') AS k, COUNT(*) FROM words GROUP BY k) y ON x.k = y.k ORDER BY x.k, y.k;

-- ignore: schema, table, org_table, org_name
WITH a AS (SELECT DATE_FORMAT(placed_at, '%Y') AS y, COUNT(*) AS n FROM orders GROUP BY y), b AS (SELECT DATE_FORMAT(created_at, '%Y') AS y, COUNT(*) AS n FROM users GROUP BY y) SELECT a.y, a.n, b.n FROM a JOIN b ON b.y = a.y ORDER BY a.y;

SET NAMES latin1;
SELECT q.m, t.title FROM (SELECT CONCAT('é', level) AS m, COUNT(*) AS n FROM users GROUP BY m) q JOIN tickets t ON t.ticket_id = q.n ORDER BY q.m, t.title;

-- about: Digits that are not shown, and such as are stored.
SELECT (SELECT AVG(user_id) FROM users WHERE user_id IN (1, 2, 4)) * 3 AS a, (SELECT COUNT(*) FROM tickets);

SELECT (SELECT AVG(user_id) FROM users WHERE user_id IN (1, 2, 4)) AS a, (SELECT SUM(level) / 7 FROM users), (SELECT COUNT(*) FROM tickets);

SELECT ticket_id FROM tickets WHERE ticket_id * 3 = (SELECT AVG(user_id) FROM users WHERE user_id IN (1, 2, 4)) * 9 OR ticket_id = (SELECT COUNT(*) / 3 FROM users WHERE user_id IN (1, 2)) * 3 ORDER BY 1;

SELECT (SELECT ROUND(AVG(user_id), 2) FROM users WHERE user_id IN (1, 2, 4)) * 3 AS a, (SELECT ROUND(1, 0) + SUM(level) / 7 FROM users) * 7 AS b, (SELECT COUNT(*) FROM tickets);

SELECT q.a * 3, r.b * 7 FROM (SELECT AVG(user_id) AS a FROM users WHERE user_id IN (1, 2, 4)) q, (SELECT SUM(level) / 7 AS b FROM users) r;

SELECT SUM(q.a) * 3 FROM (SELECT AVG(level) AS a FROM users GROUP BY country_code UNION ALL SELECT COUNT(*) / 7 FROM tickets) q;

-- ignore: schema, table, org_table, org_name
WITH c AS (SELECT AVG(user_id) AS a FROM users WHERE user_id IN (1, 2, 4)) SELECT c.a * 3, t.ticket_id FROM c JOIN tickets t ON t.ticket_id > c.a ORDER BY 2;

SELECT AVG(user_id) FROM users WHERE user_id IN (1, 2, 4) UNION ALL SELECT COUNT(*) / 7 FROM tickets ORDER BY 1;

-- about: What an average is compared with.
SELECT user_id, balance FROM users WHERE balance > (SELECT AVG(balance) FROM users) AND (SELECT AVG(user_id) FROM users) >= user_id ORDER BY 1;

SELECT ticket_id FROM tickets WHERE ticket_id >= (SELECT SUM(user_id) * 30000 / 89999 FROM users WHERE user_id IN (2, 7)) ORDER BY 1;

SELECT ticket_id FROM tickets WHERE ticket_id = (SELECT SUM(user_id) * 30000 / 90001 FROM users WHERE user_id IN (2, 7)) OR ticket_id > 3 ORDER BY 1;

SELECT ticket_id FROM tickets WHERE ticket_id <= (SELECT SUM(user_id) * 30000 / 90001 FROM users WHERE user_id IN (2, 7)) ORDER BY 1;

SELECT ticket_id FROM tickets WHERE ticket_id <=> (SELECT AVG(user_id) FROM users WHERE user_id IN (1, 3)) OR weight < (SELECT AVG(user_id) FROM users) ORDER BY 1;

SELECT u.user_id FROM users u JOIN tickets t ON t.weight < u.user_id AND u.user_id < (SELECT AVG(weight) FROM tickets) WHERE t.ticket_id > (SELECT AVG(level) FROM users WHERE user_id < 0) OR t.weight > 1 ORDER BY 1;

-- params: 3
SELECT user_id FROM users WHERE level > ? AND balance > (SELECT AVG(balance) FROM users) ORDER BY 1;

-- about: BIT.
SELECT (SELECT MIN(flags) FROM users) + 0, (SELECT COUNT(*) FROM tickets), q.flags + 0, q.n FROM (SELECT flags, COUNT(*) AS n FROM users GROUP BY flags) q ORDER BY 3;

SELECT user_id FROM users WHERE flags = (SELECT MIN(flags) FROM users) OR flags = (SELECT BIT_XOR(flags) FROM users) ORDER BY 1;

-- about: A total.
SELECT title, COUNT(*) FROM tickets GROUP BY title UNION ALL SELECT 'all', COUNT(*) FROM tickets ORDER BY 2, 1;

-- about: A limit on rows is none on the columns of ShardGate's own tables.
SET sql_select_limit = 2;
SELECT COUNT(*), SUM(total), COUNT(DISTINCT status) FROM orders;
SELECT status, COUNT(DISTINCT product_id) FROM orders GROUP BY status HAVING COUNT(*) > 2 ORDER BY 1;
SELECT status, COUNT(*) c, RANK() OVER (ORDER BY COUNT(*) DESC, status) r FROM orders GROUP BY status ORDER BY r;
SELECT COUNT(DISTINCT status, product_id), SUM(total) / COUNT(*) FROM orders;
SET sql_select_limit = 1;
SELECT AVG(c) FROM (SELECT COUNT(*) c FROM orders GROUP BY status) d;
SELECT MAX(s) FROM (SELECT status, SUM(total) s FROM orders GROUP BY status) q;
SELECT o.user_id, o.order_id, o.status, o.total FROM orders o JOIN (SELECT status, MAX(total) mid FROM orders GROUP BY status) q ON q.mid = o.total ORDER BY o.total, o.user_id, o.order_id;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.user_id;
UPDATE tickets SET weight = weight + 1 ORDER BY title DESC LIMIT 3;
INSERT INTO tickets SELECT ticket_id + 500, title, weight FROM tickets WHERE weight > 3;
DELETE FROM tickets WHERE weight < (SELECT AVG(level) FROM users) ORDER BY ticket_id LIMIT 4;
SET sql_select_limit = 0;
SELECT COUNT(DISTINCT status) FROM orders;
INSERT INTO settings (name) VALUES ('limited');
UPDATE tickets SET weight = weight + 1 ORDER BY title DESC LIMIT 3;
SET sql_select_limit = DEFAULT;
SELECT * FROM tickets ORDER BY 1;

-- about: Literals are beside other texts what they are in the statement.
SELECT general, COUNT(*) FROM words GROUP BY general UNION ALL SELECT 'all', COUNT(*) FROM words ORDER BY 2, 1;

SELECT uca AS what, COUNT(*) AS n FROM words WHERE word_id < 6 GROUP BY uca UNION SELECT 'a' AS whatever, COUNT(*) n FROM words UNION ALL SELECT 'total' total, SUM(word_id) FROM words ORDER BY 2, 1;

SELECT latin, binary_text, general FROM words WHERE word_id = 1 UNION ALL SELECT DISTINCT 'A', 'b', 'ü' FROM users ORDER BY 1, 2, 3;

SELECT q.w, q.n, r.n FROM (SELECT 'A' AS w, COUNT(*) n, 5, 1.50 AS d FROM users) q JOIN (SELECT word_id AS n, MAX(uca) AS m FROM words GROUP BY word_id) r ON r.m = q.w ORDER BY 3;

SELECT word_id FROM words WHERE uca IN (SELECT 'A' FROM users GROUP BY level) OR general = (SELECT 'ß' FROM users GROUP BY 1) ORDER BY 1;

-- ignore: schema, table, org_table, org_name
WITH c AS (SELECT 'm' AS k, level, COUNT(*) AS n FROM users GROUP BY level) SELECT c.k, CONCAT(c.k, c.level), c.n, w.word_id FROM c JOIN words w ON w.uca > c.k ORDER BY 2, 4;

-- params: 'all', 3
SELECT general, COUNT(*) FROM words GROUP BY general UNION ALL SELECT ?, COUNT(*) + ? FROM words ORDER BY 2, 1;

-- about: Names that are not ASCII, in another character set than the servers' names.
SET NAMES latin1;
SELECT q.`größe`, t.title FROM (SELECT level, MAX(level) AS `größe` FROM users GROUP BY level) q JOIN tickets t ON t.ticket_id = q.level ORDER BY 1, 2;
SELECT (SELECT MAX(level) AS `größe` FROM users) AS m, (SELECT COUNT(*) FROM tickets) AS `ü`;

-- about: Texts of expressions beside those of other operands.
-- error-only
SELECT latin FROM words WHERE word_id < 5 UNION SELECT CONCAT('日', COUNT(*)) FROM users;

SELECT CONCAT('n', COUNT(*)), COUNT(*) FROM users UNION ALL SELECT HEX(MAX(level)), 1 FROM users UNION ALL SELECT 'é', COUNT(*) FROM tickets ORDER BY 1, 2;

SELECT general, COUNT(*) FROM words GROUP BY general UNION SELECT CONCAT(COUNT(*), 'A'), 1 FROM users UNION SELECT latin, MAX(word_id) FROM words GROUP BY latin ORDER BY 2, 1;

SELECT DISTINCT * FROM tickets WHERE ticket_id < 4 UNION ALL SELECT 0, CONCAT('t', MAX(title)), COUNT(*) FROM tickets ORDER BY 1, 3;

SET NAMES binary;
SELECT latin FROM words WHERE word_id < 5 UNION SELECT CONCAT('A', COUNT(*)) FROM users ORDER BY 1;
SELECT CONCAT('a', COUNT(*)) FROM users UNION SELECT MAX(latin) FROM words UNION SELECT 'A' ORDER BY 1;
