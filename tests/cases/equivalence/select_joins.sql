-- about: Joins that are not by the shard key, of every form.
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.user_id ORDER BY u.user_id;

SELECT u.user_id, t.weight FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level ORDER BY u.user_id;

SELECT t.ticket_id, u.user_id FROM users u RIGHT JOIN tickets t ON t.ticket_id = u.user_id ORDER BY t.ticket_id;

SELECT a.user_id, b.user_id FROM users a JOIN users b ON a.level = b.level AND a.user_id < b.user_id ORDER BY 1, 2;

SELECT a.user_id, b.user_id FROM users a LEFT JOIN users b ON b.user_id = a.level + 1 ORDER BY a.user_id;

SELECT u.name, p.title, o.total FROM users u JOIN orders o ON o.user_id = u.user_id JOIN products p ON p.product_id = o.product_id WHERE p.price > 10 ORDER BY u.user_id, o.order_id;

SELECT p.product_id, COUNT(o.order_id) FROM products p LEFT JOIN orders o ON o.product_id = p.product_id GROUP BY p.product_id ORDER BY p.product_id;

SELECT c.code, COUNT(u.user_id) FROM countries c LEFT JOIN users u ON u.country_code = c.code GROUP BY c.code ORDER BY c.code;

SELECT c.code, u.user_id FROM countries c LEFT JOIN users u ON u.country_code = c.code AND u.level = 5 ORDER BY c.code, u.user_id;

SELECT s.name, u.user_id FROM settings s LEFT JOIN users u ON u.user_id = s.id ORDER BY s.id;

SELECT u.user_id, s.value FROM users u JOIN settings s ON s.id = u.level WHERE u.balance > 5000 ORDER BY u.user_id;

SELECT COUNT(*) FROM users, tickets;

SELECT COUNT(*) FROM users u, orders o WHERE u.level = o.quantity;

SELECT o.user_id, o.order_id, i.item_no FROM orders o JOIN order_items i ON i.product_id = o.product_id WHERE o.total > 400 ORDER BY 1, 2, i.user_id, i.order_id, i.item_no;

SELECT COUNT(*) FROM orders NATURAL JOIN order_items;

-- unordered
SELECT * FROM orders NATURAL JOIN order_items WHERE quantity > 3;

-- unordered
SELECT * FROM orders JOIN order_items USING (product_id) WHERE total > 430;

SELECT product_id, title, total FROM products JOIN orders USING (product_id) ORDER BY total LIMIT 5;

SELECT product_id, COUNT(*) FROM products LEFT JOIN order_items USING (product_id) GROUP BY product_id ORDER BY product_id;

SELECT u.user_id, o.order_id, t.title FROM users u LEFT JOIN orders o ON o.user_id = u.user_id LEFT JOIN tickets t ON t.ticket_id = o.order_id + 10 ORDER BY u.user_id, o.order_id;

SELECT u.user_id, x.order_id FROM users u LEFT JOIN (orders x JOIN products p ON p.product_id = x.product_id AND p.price > 10) ON x.user_id = u.user_id ORDER BY u.user_id, x.order_id;

SELECT a.user_id, b.order_id, c.item_no FROM users a JOIN (orders b LEFT JOIN order_items c ON c.order_id = b.order_id AND c.user_id = b.user_id) ON b.quantity = a.level WHERE a.user_id < 4 ORDER BY a.user_id, b.user_id, b.order_id, c.item_no;

SELECT l.login, u.user_id FROM logins l JOIN users u ON u.user_id = l.attempts ORDER BY l.login;

SELECT w.word_id, v.word_id FROM words w JOIN words v ON w.general = v.fixed COLLATE utf8mb4_general_ci ORDER BY 1, 2;

SELECT w.word_id, u.user_id FROM words w JOIN users u ON LEFT(u.name, 1) = w.general ORDER BY 1, 2;

SELECT s.sample_id, r.sample_id FROM samples s JOIN samples r ON s.day = r.day AND s.sample_id <> r.sample_id ORDER BY 1, 2;

SELECT s.sample_id, r.sample_id FROM samples s JOIN samples r ON s.huge <=> r.huge ORDER BY 1, 2;

SELECT s.sample_id, r.sample_id FROM samples s LEFT JOIN samples r ON s.twice > r.single AND r.grp = 1 ORDER BY 1, 2;

SELECT s.sample_id, u.user_id FROM samples s JOIN users u ON u.level BETWEEN s.tiny AND s.tiny + 1 ORDER BY 1, 2;

SELECT u.user_id FROM users u STRAIGHT_JOIN tickets t ON t.weight = u.level ORDER BY u.user_id, t.ticket_id;

SELECT u.*, t.* FROM users u JOIN tickets t ON t.ticket_id = u.user_id AND t.weight > 10 ORDER BY u.user_id;

SELECT t.*, o.status FROM tickets t CROSS JOIN orders o WHERE t.ticket_id = 1000000 AND o.total > 400 ORDER BY o.user_id;

-- params: 4
-- params: 8
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.user_id WHERE u.user_id >= ? ORDER BY 1;

-- params: 3, 250
SELECT o.user_id, o.order_id, u.user_id FROM orders o JOIN users u ON u.level = o.quantity WHERE u.level = ? AND o.total > ? ORDER BY 1, 2, 3;

-- error-only
SELECT user_id FROM users JOIN orders ON users.user_id = orders.user_id;

-- error-only
SELECT u.user_id FROM users u JOIN orders o ON o.no_such = u.user_id;

SELECT SUM(o.total), MAX(t.weight) FROM orders o JOIN tickets t ON t.ticket_id = o.product_id;

SELECT DISTINCT o.status FROM orders o JOIN tickets t ON t.ticket_id = o.quantity WHERE t.weight IS NOT NULL ORDER BY o.status;

SELECT a.level, COUNT(*) FROM users a JOIN users b ON a.mood = b.mood GROUP BY a.level ORDER BY a.level;
