-- about: One row.
INSERT INTO users (user_id, name) VALUES (500, 'Five');
SELECT * FROM users WHERE user_id = 500;

INSERT INTO users SET user_id = 501, name = 'Set', level = 3;
SELECT user_id, name, level FROM users WHERE user_id = 501;

INSERT INTO users (name, user_id) VALUES ('Turned', '502');
SELECT user_id, name FROM users WHERE user_id = 502;

INSERT users (user_id, name) VALUE (503, 'No into');
SELECT user_id, name FROM users WHERE user_id = 503;

INSERT INTO shop.users (user_id, name) VALUES (504, 'Qualified');
SELECT name FROM users WHERE user_id = 504;

INSERT INTO users (user_id, name) VALUES (-505, 'Negative'), (+506, 'Plus');
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (-505, 506);

INSERT INTO users (user_id, name) VALUES (506.4, 'Rounded down'), (506.5, 'Rounded up');
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (506, 507);

INSERT INTO users (user_id, name) VALUES ('508abc', 'Not a number');

INSERT INTO orders VALUES (500, 1, 2, 3, 9.99, 'new', '2024-05-05 05:05:05');
SELECT * FROM orders WHERE user_id = 500;

INSERT INTO logins VALUES ('frank', 1), ('Grace', 2), ('heidi', 3), ('ivan', 4), ('judy', 5);
-- unordered
SELECT * FROM logins WHERE attempts < 6 AND login > 'f';

INSERT INTO tickets (ticket_id, title) VALUES (50, 'fifty'), (51, 'fifty-one'), (52, 'fifty-two'), (53, 'fifty-three');
-- unordered
SELECT * FROM tickets WHERE ticket_id BETWEEN 50 AND 53;

-- about: Several rows over several shards.
INSERT INTO users (user_id, name) VALUES (600, 'a'), (601, 'b'), (602, 'c'), (603, 'd'), (604, 'e'), (605, 'f'), (606, 'g'), (607, 'h');
SELECT ROW_COUNT();
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 600 AND 607;

INSERT INTO users (user_id, name, bio) VALUES
  (610, 'it''s', 'a (b), c'),
  (611, "quo\"ted", '); DROP TABLE users; --'),
  (612, '日本', /* (comment) */ 'x'),
  (613, CONCAT('f', 'g'), DEFAULT);
-- unordered
SELECT user_id, name, bio FROM users WHERE user_id BETWEEN 610 AND 613;

-- params: 620, 'a', 621, 'b', 622, NULL, 623, 'd'
INSERT INTO users (user_id, name) VALUES (?, ?), (?, ?), (?, COALESCE(?, 'none')), (?, ?);
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 620 AND 623;

-- params: 630, 'thirty', 1.25, x'00ff10'
INSERT INTO users (user_id, name, balance, avatar) VALUES (?, ?, ?, ?);
SELECT user_id, name, balance, HEX(avatar) FROM users WHERE user_id = 630;

INSERT INTO users (user_id, name) VALUES (640, 'x'), (1, 'taken'), (641, 'y'), (642, 'z'), (643, 'q');
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (1, 640, 641, 642, 643);

INSERT IGNORE INTO users (user_id, name) VALUES (650, 'x'), (1, 'taken'), (651, 'y'), (2, 'taken'), (652, 'z'), (653, 'w');
SELECT name FROM users WHERE user_id = 1;
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (650, 651, 652, 653);

REPLACE INTO users (user_id, name) VALUES (1, 'Replaced');
SELECT name, level FROM users WHERE user_id = 1;

REPLACE INTO users (user_id, name) VALUES (1, 'R1'), (2, 'R2'), (3, 'R3'), (660, 'R660'), (661, 'R661');
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (1, 2, 3, 660, 661);

INSERT INTO users (user_id, name) VALUES (1, 'dup') ON DUPLICATE KEY UPDATE name = VALUES(name), level = level + 1;
SELECT name, level FROM users WHERE user_id = 1;

INSERT INTO users (user_id, name) VALUES (1, 'dup'), (2, 'dup'), (670, 'new'), (671, 'new'), (672, 'new') ON DUPLICATE KEY UPDATE name = CONCAT(VALUES(name), '!');
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (1, 2, 670, 671, 672);

-- params: 1, 'bound', 'upd'
INSERT INTO users (user_id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = ?;
SELECT name FROM users WHERE user_id = 1;

-- about: UPDATE and DELETE by key, over several shards, over all.
UPDATE users SET name = 'Changed', level = level + 1 WHERE user_id = 3;
SELECT name, level FROM users WHERE user_id = 3;
SELECT ROW_COUNT();

UPDATE users SET level = 1 WHERE user_id = 1;

UPDATE users SET name = 'Many' WHERE user_id IN (1, 2, 3, 4, 5, 6);
SELECT ROW_COUNT();
-- unordered
SELECT user_id FROM users WHERE name = 'Many';

UPDATE users SET level = 7;
-- unordered
SELECT user_id, level FROM users;

UPDATE users u SET u.level = 8 WHERE u.country_code = 'DE';
-- unordered
SELECT user_id FROM users WHERE level = 8;

UPDATE users SET level = 8 WHERE user_id = 999999;

UPDATE users SET level = 8 WHERE user_id = 1 AND user_id = 2;

-- natural key
UPDATE orders SET total = total + 1 WHERE user_id = 8 ORDER BY order_id LIMIT 1;
SELECT order_id, total FROM orders WHERE user_id = 8 ORDER BY order_id;

-- natural key
UPDATE users u JOIN orders o ON o.user_id = u.user_id SET u.level = 9, o.status = 'done' WHERE u.user_id = 4;
SELECT level FROM users WHERE user_id = 4;
SELECT status FROM orders WHERE user_id = 4 ORDER BY order_id;

-- params: 'Bound', 3
UPDATE users SET name = ? WHERE user_id = ?;
SELECT name FROM users WHERE user_id = 3;

DELETE FROM orders WHERE user_id = 8 AND order_id = 1;
SELECT order_id FROM orders WHERE user_id = 8 ORDER BY order_id;

DELETE FROM orders WHERE user_id IN (4, 8, 11, 12);
SELECT ROW_COUNT();

DELETE FROM order_items;
SELECT * FROM order_items;

DELETE FROM orders WHERE status = 'paid';
-- unordered
SELECT user_id, order_id FROM orders;

-- natural key
DELETE FROM orders WHERE user_id = 8 ORDER BY total LIMIT 1;
SELECT order_id FROM orders WHERE user_id = 8 ORDER BY order_id;

-- natural key
DELETE o FROM orders o JOIN users u ON u.user_id = o.user_id WHERE u.user_id = 8;
SELECT COUNT(*) FROM orders WHERE user_id = 8;

-- params: 8
DELETE FROM orders WHERE user_id = ?;

-- natural key
INSERT INTO orders (user_id, order_id, total) SELECT user_id, order_id + 100, total FROM orders WHERE user_id = 8;
SELECT order_id FROM orders WHERE user_id = 8 ORDER BY order_id;

-- about: A new key on the same shard moves no row.
UPDATE users SET user_id = 5000 WHERE user_id = 1;
SELECT name FROM users WHERE user_id = 5000;
SELECT name FROM users WHERE user_id = 1;

-- about: Values the server adjusts with a warning when it is not strict.
SET sql_mode = '';
INSERT INTO users (user_id, name, country_code) VALUES (700, 'x', 'TOO LONG');
SHOW WARNINGS;
SELECT country_code FROM users WHERE user_id = 700;

INSERT INTO users (user_id, name, level) VALUES (701, 'x', 1000);
SELECT COUNT(*) FROM users WHERE user_id = 701;

-- about: Keys in an INSERT are converted as the column does it.
INSERT INTO users (user_id, name) VALUES ('710', 'text'), (711.4, 'down'), (' 712', 'space');
-- unordered
SELECT user_id, name FROM users WHERE user_id BETWEEN 710 AND 720;
SELECT name FROM users WHERE user_id = 710;
SELECT name FROM users WHERE user_id = 711;

-- about: A key that only the server can know.
INSERT INTO users (user_id, name) VALUES (720 + TRUE, 'expression');
INSERT INTO users (user_id, name) VALUES (0x2C9, 'hex');
INSERT INTO users (user_id, name) VALUES (b'1011001010', 'bits');

INSERT INTO users (user_id, name) VALUES (730, 'x') RETURNING user_id, name;

DELETE FROM users WHERE user_id = 1 RETURNING name;

INSERT INTO tickets VALUES (4294967295, 'max', 1);

-- error-only
INSERT INTO tickets (ticket_id, title) VALUES (-1, 'negative');

-- natural key
INSERT INTO tickets (ticket_id, title) VALUES (60, 'a'), (61, 'b'), (62, 'c'), (0, 'taken');
-- unordered
SELECT ticket_id FROM tickets WHERE ticket_id IN (60, 61, 62);

INSERT INTO logins VALUES ('new ', 1);
SELECT login, attempts FROM logins WHERE login = 'new';

INSERT INTO logins VALUES ('ALICE', 9), ('aliCe', 8);
-- unordered
SELECT login, attempts FROM logins WHERE login IN ('alice', 'ALICE', 'aliCe');

-- own rows
INSERT INTO users (user_id, name, created_at) VALUES (740, 'now', NOW()), (741, 'now', NOW()), (742, 'now', NOW()), (743, 'now', NOW());
SELECT COUNT(*) FROM users WHERE user_id = 740 AND created_at > '2020-01-01';

UPDATE users SET level = level + 1, name = CONCAT(name, '?') WHERE user_id BETWEEN 1 AND 20;
-- unordered
SELECT user_id, name, level FROM users WHERE user_id BETWEEN 1 AND 20;

UPDATE users SET level = 1 WHERE name LIKE 'A%' OR user_id = 2;
SELECT ROW_COUNT();

UPDATE IGNORE users SET level = 300 WHERE user_id IN (1, 2, 3, 4);
SHOW COUNT(*) WARNINGS;

UPDATE users SET name = NULL WHERE user_id IN (1, 2, 3, 4);
-- unordered
SELECT user_id, name FROM users WHERE user_id IN (1, 2, 3, 4);

-- about: A statement that fails on one shard leaves nothing on the others.
-- ignore: message
UPDATE users SET level = IF(user_id = 4, -5, 99) WHERE user_id IN (1, 2, 3, 4, 5, 6);
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3, 4, 5, 6);

DELETE FROM users WHERE user_id IN (1, 2, 3, 4) AND level / (user_id - 4) > 0;
-- unordered
SELECT user_id FROM users WHERE user_id IN (1, 2, 3, 4);

-- natural key
DELETE u, o FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id = 8;
SELECT COUNT(*) FROM orders WHERE user_id = 8;
SELECT COUNT(*) FROM users WHERE user_id = 8;

DELETE FROM u USING users u WHERE u.user_id = 9;
SELECT COUNT(*) FROM users WHERE user_id = 9;

REPLACE INTO orders VALUES (8, 1, 1, 1, 1.00, 'new', '2024-01-01 00:00:00'), (4, 1, 1, 1, 1.00, 'new', '2024-01-01 00:00:00');
-- unordered
SELECT user_id, total FROM orders WHERE order_id = 1 AND user_id IN (4, 8);

INSERT INTO orders (user_id, order_id, total) VALUES (8, 1, 5) ON DUPLICATE KEY UPDATE total = total + VALUES(total);
SELECT total FROM orders WHERE user_id = 8 AND order_id = 1;

-- about: Inside a transaction any shards are written to.
BEGIN;
UPDATE users SET level = 80 WHERE user_id = 1;
UPDATE users SET level = 80 WHERE user_id = 3;
INSERT INTO users (user_id, name) VALUES (750, 'a'), (751, 'b'), (752, 'c'), (753, 'd'), (754, 'e');
SELECT level FROM users WHERE user_id = 1;
COMMIT;
SELECT level FROM users WHERE user_id = 1;
-- unordered
SELECT user_id, level FROM users WHERE user_id IN (1, 3, 750, 751, 752, 753, 754);
