-- about: ORDER BY over several shards: every type, NULLs, directions, names and positions.
SELECT * FROM users ORDER BY user_id;

SELECT user_id FROM users ORDER BY user_id DESC;

SELECT user_id, name FROM users ORDER BY name, user_id;

SELECT user_id FROM users ORDER BY name DESC, user_id DESC;

SELECT user_id FROM users ORDER BY email, user_id;

SELECT user_id, email FROM users ORDER BY email DESC, user_id;

SELECT user_id FROM users ORDER BY country_code, user_id;

SELECT user_id FROM users ORDER BY balance;

SELECT user_id, balance FROM users ORDER BY balance DESC, user_id;

SELECT user_id FROM users ORDER BY score, user_id;

SELECT user_id, rating FROM users ORDER BY rating, user_id DESC;

SELECT user_id FROM users ORDER BY born, user_id;

SELECT user_id, born FROM users ORDER BY born DESC, user_id;

SELECT user_id FROM users ORDER BY created_at DESC;

SELECT user_id, seen_at FROM users ORDER BY seen_at, user_id;

SELECT user_id, alarm FROM users ORDER BY alarm, user_id;

SELECT user_id FROM users ORDER BY alarm DESC, user_id;

SELECT user_id, flags FROM users ORDER BY flags DESC, user_id;

SELECT user_id FROM users ORDER BY level, user_id;

SELECT user_id, mood FROM users ORDER BY mood, user_id;

SELECT user_id FROM users ORDER BY mood DESC, user_id;

SELECT user_id, tags FROM users ORDER BY tags, user_id;

SELECT user_id FROM users ORDER BY bio, user_id;

SELECT user_id, avatar FROM users ORDER BY avatar, user_id;

SELECT user_id FROM users ORDER BY avatar DESC, user_id;

SELECT *, UPPER(name) FROM users ORDER BY UPPER(name), user_id;

SELECT name, user_id FROM users ORDER BY 1, 2;

SELECT name, user_id FROM users ORDER BY 2 DESC;

SELECT name AS n, user_id u FROM users ORDER BY n DESC, u;

SELECT name 'n n', user_id u FROM users ORDER BY `n n`, u;

SELECT UPPER(name), user_id FROM users ORDER BY `UPPER(name)`, user_id;

-- ignore: message
SELECT user_id + 1, name FROM users ORDER BY -user_id;

SELECT user_id % 100 + 1, name FROM users WHERE user_id > -100 ORDER BY -user_id;

SELECT user_id FROM users ORDER BY LENGTH(name), user_id;

SELECT user_id FROM users ORDER BY name COLLATE utf8mb4_bin, user_id;

SELECT user_id FROM users ORDER BY name COLLATE utf8mb4_unicode_ci DESC, user_id;

SELECT user_id FROM users ORDER BY CONCAT(country_code, name), user_id;

SELECT user_id FROM users ORDER BY balance / 7, user_id;

SELECT user_id FROM users ORDER BY score * 1.5 DESC, user_id;

SELECT user_id FROM users ORDER BY DATE(created_at), user_id;

SELECT user_id FROM users ORDER BY CAST(alarm AS CHAR), user_id;

SELECT user_id FROM users ORDER BY ISNULL(email), email, user_id;

SELECT user_id FROM users ORDER BY name = 'Ada' DESC, user_id;

SELECT user_id FROM users ORDER BY FIELD(country_code, 'JP', 'FR'), user_id;

SELECT user_id FROM users ORDER BY CASE WHEN level > 2 THEN 0 ELSE 1 END, user_id;

SELECT user_id FROM users ORDER BY NULL, user_id;

SELECT user_id FROM users ORDER BY 'constant', user_id;

SELECT u.user_id, name FROM users u ORDER BY u.name, u.user_id;

SELECT users.* FROM users ORDER BY users.user_id;

SELECT user_id, name FROM shop.users ORDER BY shop.users.name, shop.users.user_id;

-- about: Whether a server sorts in a temporary table, where columns are no keys, depends on its rows.
-- ignore: flags
SELECT u.name, o.order_id FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY o.total, u.user_id;

-- ignore: flags
SELECT u.name, o.order_id FROM users u LEFT JOIN orders o USING (user_id) ORDER BY u.user_id, o.order_id;

-- ignore: flags
SELECT u.name, c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY c.name, u.user_id;

-- ignore: flags
SELECT * FROM users NATURAL JOIN orders ORDER BY user_id, order_id;

SELECT d.n, d.user_id FROM (SELECT name n, user_id FROM users) d ORDER BY d.n, d.user_id;

-- ignore: flags
SELECT user_id FROM users WHERE country_code IN (SELECT code FROM countries WHERE name < 'G') ORDER BY user_id;

SELECT user_id, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id) AS n FROM users u ORDER BY user_id;

SELECT ticket_id, title FROM tickets ORDER BY weight, ticket_id;

SELECT title FROM tickets ORDER BY title;

SELECT login FROM logins ORDER BY login;

SELECT login FROM logins ORDER BY attempts DESC, login;

SELECT status, total FROM orders ORDER BY status, total;

SELECT * FROM orders ORDER BY placed_at, user_id, order_id;

SELECT note, user_id FROM order_items ORDER BY note, user_id, order_id, item_no;

-- params: 3
-- params: 1
SELECT user_id FROM users WHERE level > ? ORDER BY user_id;

-- params: 5, 'x'
SELECT user_id % 100 + ?, name FROM users ORDER BY CONCAT(?, name), user_id;

-- params: 2
SELECT user_id FROM users ORDER BY level % ?, user_id;

SELECT user_id FROM users WHERE user_id > 100000 AND user_id < 100001 ORDER BY user_id;

SELECT user_id FROM users ORDER BY user_id FOR UPDATE;

BEGIN;
SELECT user_id FROM users ORDER BY user_id LIMIT 3 FOR UPDATE;
UPDATE users SET level = 9 WHERE user_id = 3;
SELECT user_id, level FROM users ORDER BY level DESC, user_id LIMIT 2;
COMMIT;
SELECT level FROM users WHERE user_id = 3;

SET autocommit = 0;
SELECT user_id FROM users ORDER BY user_id LIMIT 3;
COMMIT;

SELECT nosuch FROM users ORDER BY user_id;

SELECT user_id FROM users ORDER BY nosuch;

SELECT user_id FROM users ORDER BY 7;

SELECT user_id FROM users ORDER BY 0;

SELECT u.user_id FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY user_id + 1;

SELECT user_id FROM users ORDER BY users.nosuch LIMIT 3;

SELECT 1 FROM users ORDER BY user_id; SELECT 2;

-- about: -0 and 0, 1e300 and -1e300.
SELECT user_id FROM users ORDER BY IF(user_id % 2, -0e0, 0e0), user_id;

SELECT user_id FROM users ORDER BY CAST(user_id AS DECIMAL(30,5)) * 1000000007, user_id;

SELECT user_id FROM users ORDER BY user_id * 1e280;

-- about: What warns is computed again for the columns that the merge needs.
-- ignore: warnings
SELECT user_id FROM users ORDER BY CAST(user_id AS UNSIGNED);

SELECT user_id FROM users ORDER BY TIMESTAMP(created_at, alarm), user_id;

SELECT user_id FROM users ORDER BY YEAR(born), user_id;

SET NAMES latin1;
SELECT user_id FROM users ORDER BY name, user_id;

SET character_set_results = NULL;
SELECT user_id FROM users ORDER BY name, user_id;
SELECT user_id, name FROM users ORDER BY CONCAT(name, ''), user_id;
