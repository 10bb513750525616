-- only: MariaDB
INSERT INTO users (user_id, name) VALUES (700, 'a'), (701, 'b'), (702, 'c'), (703, 'd') RETURNING user_id, name, level;
SELECT user_id, name FROM users WHERE user_id BETWEEN 700 AND 703 ORDER BY user_id;

-- only: MariaDB
-- unordered
INSERT INTO users (user_id, name) VALUES (700 + 1, 'a'), (700 + 2, 'b') RETURNING *;

-- only: MariaDB
-- unordered
INSERT INTO tickets (ticket_id, title) SELECT user_id + 5000, name FROM users WHERE user_id BETWEEN 1 AND 9 RETURNING ticket_id, CONCAT(title, '!') AS t;

-- only: MariaDB
-- unordered
-- params: 5, 9
INSERT INTO tickets (ticket_id, title) SELECT user_id + 5000, name FROM users WHERE user_id BETWEEN ? AND ? RETURNING ticket_id, title, weight;

-- only: MariaDB
-- unordered
DELETE FROM orders WHERE total > 200 RETURNING user_id, order_id, total;

-- only: MariaDB
DELETE FROM users ORDER BY user_id LIMIT 3 RETURNING user_id, name;
SELECT ROW_COUNT();

-- only: MariaDB
-- params: 7
DELETE FROM tickets WHERE weight > ? ORDER BY ticket_id LIMIT 4 RETURNING ticket_id, title;

-- only: MariaDB
INSERT INTO users (user_id, name) VALUES (710, 'a'), (1, 'taken'), (712, 'c') RETURNING user_id;
SELECT COUNT(*) FROM users WHERE user_id > 700;

-- only: MariaDB
-- about: The rows come in the statement's order.
INSERT INTO users (user_id, name, level) VALUES (705, 'a', 1), (3, 'there', 9), (702, 'c', 2), (1, 'there', 8), (701, 'e', 3), (2, 'there', 7)
  ON DUPLICATE KEY UPDATE level = VALUES(level), name = VALUES(name) RETURNING user_id, name, level, level + 1 AS more;
SELECT ROW_COUNT();
SELECT user_id, name, level FROM users WHERE user_id IN (1, 2, 3, 701, 702, 705) ORDER BY user_id;

-- only: MariaDB
-- natural key
-- params: 5, 'five', 1, 'one', 4711, 'new', 3, 'three'
INSERT INTO tickets (ticket_id, title) VALUES (?, ?), (?, ?), (?, ?), (?, ?) ON DUPLICATE KEY UPDATE title = VALUES(title) RETURNING ticket_id, title, weight;

-- only: MariaDB
REPLACE INTO users (user_id, name) VALUES (705, 'a'), (3, 'again'), (702, 'c'), (1, 'again') RETURNING user_id, name, level, users.email;

-- only: MariaDB
-- about: Nothing changes, and rows are returned all the same.
INSERT INTO users (user_id, name) VALUES (4, 'x'), (3, 'x'), (2, 'x') ON DUPLICATE KEY UPDATE level = level RETURNING user_id, name;

-- only: MariaDB
BEGIN;
INSERT INTO users (user_id, name) VALUES (705, 'a'), (703, 'b'), (702, 'c'), (701, 'd') RETURNING user_id, (SELECT COUNT(*) FROM countries) AS n;
INSERT INTO users (user_id, name) VALUES (706, 'a'), (703, 'b'), (708, 'c') RETURNING user_id;
SELECT user_id FROM users WHERE user_id > 700 ORDER BY user_id;
COMMIT;

-- only: MariaDB
-- about: The shards say no when rows are returned whose values they refuse.
INSERT INTO users (user_id, name, level) VALUES (705, 'a', 1), (3, 'there', 9), (702, NULL, 2) ON DUPLICATE KEY UPDATE level = 3 RETURNING user_id;
SELECT user_id, level FROM users WHERE user_id IN (3, 702, 705);

-- only: MariaDB
-- about: Rows that are returned are not found.
SELECT code FROM countries ORDER BY code LIMIT 4;
INSERT INTO users (user_id, name) VALUES (705, 'a'), (701, 'b') RETURNING user_id;
SELECT FOUND_ROWS();
INSERT INTO settings (name) VALUES ('new'), ('newer') RETURNING name;
SELECT FOUND_ROWS();
DELETE FROM users WHERE user_id IN (701, 705) RETURNING name;
SELECT FOUND_ROWS();
DELETE FROM users WHERE user_id = 1 RETURNING name;
SELECT FOUND_ROWS();

-- only: MariaDB
-- about: A row that has replaced another, and is replaced itself.
-- natural key
-- refused: 1235 of which one replaces another
REPLACE INTO tickets (ticket_id, title) VALUES (3 + 0, 'a'), (3, 'b'), (900, 'c') RETURNING ticket_id, title;
SELECT ticket_id, title FROM tickets WHERE ticket_id IN (3, 900) ORDER BY ticket_id;
