-- only: MariaDB
-- unordered
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
