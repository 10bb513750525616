-- about: DELETE with LIMIT and ORDER BY over several shards.
DELETE FROM users ORDER BY user_id LIMIT 1;
SELECT user_id FROM users ORDER BY user_id;

DELETE FROM users ORDER BY user_id DESC LIMIT 4;
SELECT ROW_COUNT();

DELETE FROM users WHERE level = 1 ORDER BY balance, user_id LIMIT 3;

DELETE FROM users LIMIT 5;

DELETE FROM orders WHERE total < 100 LIMIT 3;

DELETE FROM orders WHERE orders.total < 100 ORDER BY orders.total LIMIT 3;

DELETE FROM order_items ORDER BY price DESC LIMIT 10;

-- params: 4
-- params: 2
DELETE FROM tickets WHERE weight IS NOT NULL ORDER BY weight LIMIT ?;

-- params: 250.5, 3
DELETE FROM orders WHERE total > ? ORDER BY total DESC LIMIT ?;

DELETE FROM logins ORDER BY attempts LIMIT 4;

DELETE FROM words ORDER BY word_id LIMIT 9;

DELETE FROM samples WHERE amount > 0 ORDER BY sample_id LIMIT 2;

DELETE FROM users ORDER BY user_id LIMIT 0;

DELETE FROM users WHERE user_id > 100000000 ORDER BY user_id LIMIT 3;

-- about: Subqueries that look at other shards.
DELETE FROM users WHERE user_id IN (SELECT product_id FROM orders);
SELECT user_id FROM users ORDER BY user_id;

DELETE FROM users WHERE user_id NOT IN (SELECT user_id FROM orders);

DELETE FROM orders WHERE total > (SELECT AVG(price) * 4 FROM order_items);

DELETE FROM orders WHERE EXISTS (SELECT 1 FROM tickets WHERE tickets.ticket_id = orders.product_id AND tickets.weight > 5);

DELETE FROM tickets WHERE weight = (SELECT MAX(weight) FROM (SELECT weight FROM tickets) x);

-- params: 10
DELETE FROM tickets WHERE ticket_id IN (SELECT product_id FROM orders WHERE user_id > ?);

DELETE FROM users WHERE country_code IN (SELECT code FROM countries WHERE name LIKE '%a%');

DELETE FROM users WHERE (SELECT COUNT(*) FROM orders WHERE orders.user_id = users.user_id) = 0;

DELETE FROM order_items WHERE product_id IN (SELECT product_id FROM products WHERE product_id > 3);

-- about: Several tables.
DELETE o FROM orders o JOIN users u ON u.user_id = o.product_id WHERE u.level = 1;

DELETE u, o FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id IN (4, 8, 11);

DELETE u, o FROM users u JOIN orders o ON o.product_id = u.user_id WHERE o.total > 200;

DELETE FROM o USING orders o JOIN tickets t ON t.weight = o.product_id;

DELETE orders FROM orders JOIN order_items ON order_items.product_id = orders.product_id;

DELETE u FROM users u LEFT JOIN orders o ON o.user_id = u.user_id WHERE o.user_id IS NULL;

DELETE u FROM users u LEFT JOIN orders o ON o.product_id = u.user_id WHERE o.user_id IS NULL;

DELETE a FROM orders a JOIN orders b ON b.user_id = a.product_id WHERE b.total > 100;

DELETE orders, order_items FROM orders JOIN order_items USING (user_id, order_id) WHERE order_items.price > 50;

DELETE shop.orders FROM shop.orders JOIN tickets ON tickets.ticket_id = orders.quantity;

DELETE p FROM products p JOIN orders o ON o.product_id = p.product_id WHERE o.total > 300;

DELETE FROM countries WHERE code IN (SELECT country_code FROM users);

DELETE FROM products ORDER BY product_id LIMIT 2;

-- about: What fails leaves nothing.
-- error-only
DELETE FROM users WHERE user_id = (SELECT user_id FROM orders) ORDER BY user_id LIMIT 1;
SELECT COUNT(*) FROM users;

DELETE FROM users WHERE nonsense = 1 LIMIT 1;

-- error-only
DELETE nonsense FROM users u JOIN orders o ON o.product_id = u.user_id;

-- about: Inside a transaction.
BEGIN;
DELETE FROM orders ORDER BY total LIMIT 5;
SELECT COUNT(*) FROM orders;
DELETE FROM users WHERE user_id NOT IN (SELECT user_id FROM orders);
SELECT COUNT(*) FROM users;
ROLLBACK;
SELECT COUNT(*) FROM users;
SELECT COUNT(*) FROM orders;

BEGIN;
UPDATE orders SET total = 0 WHERE user_id = 8;
SAVEPOINT a;
DELETE FROM orders WHERE total = 0 LIMIT 2;
ROLLBACK TO a;
DELETE FROM orders WHERE total = 0 ORDER BY user_id LIMIT 1;
COMMIT;
SELECT COUNT(*) FROM orders;

SET autocommit = 0;
DELETE FROM tickets ORDER BY ticket_id LIMIT 3;
DELETE FROM tickets ORDER BY ticket_id DESC LIMIT 3;
COMMIT;
