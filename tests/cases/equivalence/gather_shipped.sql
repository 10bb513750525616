-- about: Off the key small tables are shipped to the shards of larger ones: joins that stream, sort, group, limit there.
-- unordered
SELECT u.user_id, u.name, t.title, t.weight FROM users u JOIN tickets t ON t.ticket_id = u.level;

SELECT u.user_id, u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.name DESC, u.user_id;

SELECT u.user_id, t.* FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND t.weight > 3 ORDER BY u.user_id, t.ticket_id LIMIT 3, 5;

SELECT t.title, COUNT(*), SUM(u.balance), MIN(u.born), AVG(t.weight) FROM users u JOIN tickets t ON t.ticket_id = u.level GROUP BY t.title;

SELECT t.weight, COUNT(DISTINCT u.country_code), SUM(u.balance) / COUNT(*) FROM users u JOIN tickets t ON t.ticket_id = u.level GROUP BY t.weight HAVING COUNT(*) > 1 ORDER BY 1;

SELECT DISTINCT t.title, u.mood FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY 1, 2;

SELECT COUNT(*), SUM(a.total), MAX(p.title) FROM orders a JOIN products p ON p.product_id = a.quantity;

-- about: Several tables; names with a database; no alias; USING; NATURAL.
SELECT o.order_id, p.title, i.note, c.name FROM orders o JOIN order_items i ON i.order_id = o.order_id AND i.user_id = o.user_id JOIN products p ON p.product_id = i.product_id JOIN users u ON u.user_id = o.user_id LEFT JOIN countries c ON c.code = u.country_code ORDER BY o.user_id, o.order_id, i.item_no;

SELECT shop.orders.order_id, products.title FROM shop.orders JOIN products USING (product_id) WHERE shop.orders.total > 20 ORDER BY orders.order_id, orders.user_id, products.title;

SELECT order_id, user_id, product_id, price, note FROM orders NATURAL JOIN order_items ORDER BY user_id, order_id, item_no;

SELECT `t`.`title`, users.name FROM users, tickets AS `t` WHERE `t`.ticket_id = users.level AND users.level > 2 ORDER BY users.user_id;

-- about: Subqueries of what is shipped, and of what is not.
SELECT user_id, name FROM users WHERE level IN (SELECT ticket_id FROM tickets WHERE weight > 2) ORDER BY user_id;

SELECT user_id FROM users u WHERE EXISTS (SELECT * FROM tickets t WHERE t.ticket_id = u.level AND t.weight > u.level) ORDER BY 1;

SELECT user_id, (SELECT MAX(t.title) FROM tickets t WHERE t.ticket_id = u.level) AS best FROM users u ORDER BY 1;

SELECT user_id FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.quantity = u.user_id) ORDER BY 1;

SELECT a.user_id, b.user_id FROM users a JOIN users b ON a.country_code = b.country_code AND a.user_id < b.user_id ORDER BY 1, 2;

SELECT d.title, u.name FROM (SELECT title, ticket_id FROM tickets WHERE weight < 9 ORDER BY weight DESC LIMIT 3) d JOIN users u ON u.level = d.ticket_id ORDER BY 1, 2;

-- about: One table without a rule.
SELECT s.name, s.value, u.name FROM settings s JOIN users u ON u.level = s.id ORDER BY u.user_id, s.id;

-- ignore: flags
SELECT u.name, s.* FROM users u LEFT JOIN settings s ON s.id = u.level ORDER BY u.user_id, s.id;

SELECT settings.name, (SELECT COUNT(*) FROM users WHERE users.level = settings.id) n FROM settings ORDER BY 1;

-- about: Parameters.
-- params: 2, 'a%'
-- params: 0, '%'
-- params: 7, NULL
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE t.weight > ? AND u.email LIKE ? ORDER BY 1, 2;

-- params: 1, 3, 2
SELECT t.title, COUNT(*) + ? FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id IN (?, ?) GROUP BY t.title ORDER BY 1;

-- params: 2, 1
SELECT u.name, p.title FROM users u JOIN products p ON p.product_id = u.level ORDER BY 1, 2 LIMIT ? OFFSET ?;

-- about: One shard of the larger table.
SELECT u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id = 3;

SELECT u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id IN (3, 4, 7) ORDER BY 1;

SELECT u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id = 3 AND u.user_id = 4;

-- about: What the statement says of itself and of the session.
SELECT DATABASE(), t.title, @x := NULL FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id = 3;
SET @y = 2;
SELECT u.name, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE t.weight > @y ORDER BY u.user_id;
SELECT SQL_CALC_FOUND_ROWS u.name FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.user_id LIMIT 2;
SELECT FOUND_ROWS();
SET sql_select_limit = 3;
SELECT u.name FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.user_id;
SET sql_select_limit = DEFAULT;

-- about: Errors are the client's.
SELECT nothing FROM users u JOIN tickets t ON t.ticket_id = u.level;
SELECT u.name, t.nothing FROM users u JOIN tickets t ON t.ticket_id = u.level;
SELECT name FROM users u JOIN tickets t ON t.ticket_id = u.level JOIN settings s;
SELECT u.name FROM users u JOIN tickets u ON u.ticket_id = u.level;

-- about: Index hints keep their table where it is.
SELECT u.name, t.title FROM users u IGNORE INDEX (by_country) JOIN tickets t FORCE INDEX (PRIMARY) ON t.ticket_id = u.level ORDER BY u.user_id;

-- about: In a transaction own writes are seen.
BEGIN;
UPDATE tickets SET title = CONCAT(title, '!') WHERE weight > 2;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY 1;
ROLLBACK;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY 1;

-- about: Set operators and common table expressions.
SELECT u.name FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE t.weight > 2 UNION SELECT u.email FROM users u JOIN tickets t ON t.ticket_id = u.user_id ORDER BY 1;

-- ignore: schema, table, org_table, org_name
WITH heavy AS (SELECT * FROM tickets WHERE weight > 2) SELECT u.user_id, h.title FROM users u JOIN heavy h ON h.ticket_id = u.level ORDER BY 1;

SELECT u.user_id, t.title, ROW_NUMBER() OVER (PARTITION BY u.user_id ORDER BY t.title) n FROM users u JOIN tickets t ON t.ticket_id <= u.level ORDER BY 1, 3;

-- about: The first rows of a table, joined with another.
SELECT q.user_id, q.balance, t.title FROM (SELECT user_id, balance, level FROM users ORDER BY balance DESC, user_id LIMIT 4) q JOIN tickets t ON t.ticket_id = q.level ORDER BY 1, 3;

SELECT q.*, o.order_id FROM (SELECT * FROM tickets WHERE weight > 1 ORDER BY weight DESC, ticket_id LIMIT 2, 3) q LEFT JOIN orders o ON o.product_id = q.ticket_id ORDER BY q.ticket_id, o.user_id, o.order_id;

-- params: 3
-- params: 0
SELECT q.user_id, t.title FROM (SELECT user_id, level FROM users ORDER BY user_id DESC LIMIT ?) q JOIN tickets t ON t.ticket_id = q.level ORDER BY 1, 2;
