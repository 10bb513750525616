-- about: Joins off the shard key.
-- unordered
SELECT u.user_id, u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.user_id;

-- unordered
SELECT u.*, t.* FROM users u JOIN tickets t ON t.ticket_id = u.level;

-- unordered
SELECT users.name, tickets.title, weight FROM users, tickets WHERE tickets.ticket_id = users.level AND weight > 2;

-- unordered
SELECT u.user_id, o.order_id, p.title FROM users u JOIN orders o ON o.product_id = u.level JOIN products p ON p.product_id = o.product_id WHERE u.user_id < 5;

-- unordered
SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.user_id;

-- unordered
SELECT t.title, u.name FROM users u RIGHT JOIN tickets t ON t.ticket_id = u.user_id AND u.level > 2;

-- unordered
SELECT p.title, o.user_id, o.total FROM products p LEFT JOIN orders o ON o.product_id = p.product_id;

-- unordered
SELECT s.name, u.name FROM settings s JOIN users u ON u.user_id = s.id;

-- unordered
SELECT a.user_id, b.user_id FROM users a JOIN users b ON a.country_code = b.country_code AND a.user_id < b.user_id;

-- unordered
SELECT shop.users.name, shop.tickets.title FROM shop.users JOIN shop.tickets ON shop.tickets.ticket_id = shop.users.user_id;

SELECT COUNT(*), SUM(o.total), MIN(u.name) FROM users u JOIN orders o ON o.product_id = u.level;

SELECT u.user_id, (SELECT COUNT(*) FROM tickets) FROM users u WHERE u.user_id > 3 ORDER BY u.user_id DESC LIMIT 3;

-- unordered
SELECT name FROM users WHERE user_id IN (SELECT ticket_id FROM tickets WHERE weight > 5);

-- unordered
SELECT email FROM users UNION SELECT title FROM tickets;

SELECT user_id, ROW_NUMBER() OVER (ORDER BY user_id) AS n FROM users ORDER BY n;

-- about: One flag of a recursive column tells whether the server made an index for its join.
-- ignore: flags
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT n.i, u.name FROM n JOIN users u ON u.user_id = n.i ORDER BY n.i;
