-- about: From other shards.
INSERT INTO users (user_id, name) SELECT user_id + 100000, name FROM users;
SELECT ROW_COUNT();
SELECT user_id, name FROM users ORDER BY user_id;

INSERT INTO orders (user_id, order_id, total) SELECT user_id, order_id + 100, total FROM orders WHERE user_id = 8;

INSERT INTO orders (user_id, order_id, total) SELECT user_id, order_id + 100, total FROM orders;

INSERT INTO orders (user_id, order_id, total) SELECT product_id, 500 + user_id, SUM(total) FROM orders WHERE product_id IS NOT NULL GROUP BY product_id, user_id;

INSERT INTO tickets (ticket_id, title, weight) SELECT user_id + 1000, name, level FROM users WHERE user_id BETWEEN 1 AND 2000;

INSERT INTO tickets SELECT 1000 + product_id, MAX(status), COUNT(*) FROM orders GROUP BY product_id HAVING product_id IS NOT NULL;

INSERT INTO tickets (ticket_id, title) SELECT o.user_id * 1000 + o.order_id, u.name FROM orders o JOIN users u ON u.user_id = o.product_id WHERE o.user_id > 0;

INSERT INTO tickets (title, ticket_id) SELECT name, 2000 + user_id FROM users WHERE user_id BETWEEN 1 AND 2000 ORDER BY name LIMIT 5;

INSERT INTO tickets SELECT 3000 + t.ticket_id, t.title, t.weight FROM tickets t WHERE ticket_id < 10;

INSERT INTO logins SELECT CONCAT('u', user_id), level FROM users;
SELECT * FROM logins ORDER BY login;

INSERT INTO logins (login) SELECT DISTINCT status FROM orders;

INSERT INTO orders (user_id, order_id, total) SELECT 900 + user_id, 1, SUM(total) FROM orders GROUP BY user_id;

INSERT INTO order_items (user_id, order_id, item_no, product_id, price) SELECT user_id, order_id, 99, product_id, total FROM orders WHERE product_id IS NOT NULL;

INSERT INTO users (user_id, name) SELECT 7000, 'one row';

INSERT INTO users (user_id, name) SELECT 7000 + ticket_id, title FROM tickets WHERE FALSE;

INSERT INTO users (user_id, name) SELECT ticket_id + 7000, title FROM tickets UNION ALL SELECT user_id + 90000, name FROM users WHERE user_id BETWEEN 1 AND 2000;

INSERT INTO users (user_id, name) WITH x AS (SELECT ticket_id, title FROM tickets WHERE ticket_id < 20) SELECT ticket_id + 7000, title FROM x;

-- params: 8000, 3
INSERT INTO users (user_id, name) SELECT ? + user_id, name FROM users WHERE level > ?;

-- params: 8000, 'new'
INSERT INTO users (user_id, name, bio) SELECT ? + user_id, ?, name FROM users WHERE user_id BETWEEN 1 AND 2000 ORDER BY user_id LIMIT 4;

INSERT INTO words SELECT word_id + 100, general, uca, binary_text, latin, fixed, bytes FROM words;

INSERT INTO samples SELECT sample_id + 100, grp, tiny, small, medium, big, ubig, flag, amount, huge, single, twice, bits, fixed, varied, body, raw, vraw, bin, day, at, precisely, stamp, span, fine, year, level, marks, doc FROM samples WHERE sample_id <> 4;

INSERT INTO users SELECT user_id + 50000, name, email, country_code, balance, score, rating, born, created_at, seen_at, alarm, flags, level, mood, tags, bio, avatar FROM users;

-- about: Values are converted as the column does it, once.
INSERT INTO tickets (ticket_id, title) SELECT CONCAT('', 4000 + user_id), balance FROM users WHERE user_id BETWEEN 1 AND 2000;

INSERT INTO tickets (ticket_id, title, weight) SELECT 4000.4 + user_id, name, balance FROM users WHERE user_id BETWEEN 1 AND 2000;

INSERT INTO tickets (ticket_id, title) SELECT 4000 + user_id, born FROM users WHERE born IS NOT NULL AND user_id BETWEEN 1 AND 2000;

-- error-only
INSERT INTO tickets (ticket_id, title) SELECT 4000 + user_id, NULL FROM users;

-- error-only
INSERT INTO tickets (ticket_id, title, weight) SELECT 4000 + user_id, name, name FROM users WHERE user_id BETWEEN 1 AND 2000;
SELECT COUNT(*) FROM tickets;

SET sql_mode = '';
INSERT INTO tickets (ticket_id, title, weight) SELECT 4000 + user_id, REPEAT(name, 20), level FROM users WHERE user_id BETWEEN 1 AND 2000;
SHOW COUNT(*) WARNINGS;

-- about: Duplicates.
INSERT INTO users (user_id, name) SELECT user_id + 1, name FROM users WHERE user_id IN (100, 1000);

-- error-only
INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets;
SELECT COUNT(*) FROM users;

INSERT IGNORE INTO users (user_id, name) SELECT ticket_id, title FROM tickets;
SELECT user_id, name FROM users ORDER BY user_id;

REPLACE INTO users (user_id, name) SELECT ticket_id, title FROM tickets WHERE ticket_id BETWEEN 1 AND 8;
SELECT user_id, name, level FROM users ORDER BY user_id;

-- natural key
REPLACE INTO tickets SELECT user_id, name, level FROM users WHERE user_id BETWEEN 3 AND 30;

INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets ON DUPLICATE KEY UPDATE name = CONCAT(users.name, '/', VALUES(name)), level = level + 1;

INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets WHERE ticket_id < 10 ON DUPLICATE KEY UPDATE name = VALUES(name);

INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets WHERE ticket_id < 10 ON DUPLICATE KEY UPDATE level = 1;

-- params: 10, 'bound'
INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets WHERE ticket_id < ? ON DUPLICATE KEY UPDATE bio = ?;

-- error-only
INSERT INTO users (nonsense, name) SELECT ticket_id, title FROM tickets;

-- error-only
INSERT INTO users (user_id, name) SELECT ticket_id FROM tickets;

-- about: Into reference tables and single ones.
INSERT INTO countries SELECT CONCAT('Z', user_id MOD 10), MAX(name) FROM users GROUP BY user_id MOD 10 HAVING MIN(user_id) >= 0;
SELECT * FROM countries ORDER BY code;

INSERT INTO countries (code, name) SELECT 'QQ', COUNT(*) FROM orders;

REPLACE INTO countries SELECT code, CONCAT(name, '!') FROM countries WHERE code > 'D';

INSERT IGNORE INTO countries SELECT country_code, name FROM users WHERE country_code IS NOT NULL ORDER BY user_id;

-- about: Inside a transaction.
BEGIN;
INSERT INTO tickets (ticket_id, title) VALUES (6000, 'mine'), (6001, 'mine'), (6002, 'mine');
INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets WHERE title = 'mine';
SELECT user_id, name FROM users WHERE name = 'mine' ORDER BY user_id;
-- error-only
INSERT INTO users (user_id, name) SELECT ticket_id, title FROM tickets;
SELECT COUNT(*) FROM users;
ROLLBACK;
SELECT COUNT(*) FROM users;
SELECT COUNT(*) FROM tickets;

BEGIN;
DELETE FROM orders;
INSERT INTO orders (user_id, order_id, total) SELECT user_id, 1, level FROM users;
COMMIT;

-- about: A query's values for a generated column are refused, on temporary tables too.
CREATE TABLE shop.prices (id INT NOT NULL PRIMARY KEY, low INT, span INT AS (low * 2) STORED);
INSERT INTO prices (id, low) SELECT user_id, level FROM users WHERE user_id < 4;
INSERT INTO prices SELECT user_id + 10, level, 1 FROM users WHERE user_id < 4;
INSERT INTO prices SELECT id + 30, low, span FROM prices;
INSERT INTO prices SELECT user_id + 40, level, 1 FROM users WHERE user_id < 0;
SELECT * FROM prices ORDER BY id;
DROP TABLE prices;
