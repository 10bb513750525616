-- about: UPDATE with LIMIT and ORDER BY over several shards.
UPDATE users SET level = 9 ORDER BY user_id LIMIT 2;
SELECT user_id, level FROM users ORDER BY user_id;

UPDATE users SET level = 9 ORDER BY user_id DESC LIMIT 3;

UPDATE users SET level = 9 WHERE country_code = 'DE' ORDER BY name, user_id LIMIT 2;

UPDATE users SET level = level + 1 WHERE level >= 1 ORDER BY balance DESC, user_id LIMIT 5;
SELECT ROW_COUNT();

UPDATE users SET level = 1 ORDER BY user_id LIMIT 4;
SELECT ROW_COUNT();

UPDATE users SET level = 9 LIMIT 2;

UPDATE users SET level = 9 WHERE user_id > 3 LIMIT 2;

UPDATE users SET level = 9 WHERE user_id > 3 ORDER BY user_id LIMIT 0;

UPDATE users u SET u.level = 9 WHERE u.user_id > 3 ORDER BY u.user_id LIMIT 2;

UPDATE users SET level = 9 WHERE users.user_id > 3 ORDER BY users.user_id LIMIT 2;

UPDATE shop.users SET level = 9 WHERE shop.users.user_id > 3 ORDER BY user_id LIMIT 2;

-- params: 7, 3, 4
-- params: 8, 5, 2
UPDATE users SET level = ? WHERE user_id > ? ORDER BY user_id LIMIT ?;

-- params: 'named', 'B'
UPDATE users SET name = ? WHERE name > ? ORDER BY user_id LIMIT 3;

UPDATE orders SET status = 'done' WHERE status = 'new' ORDER BY total DESC LIMIT 3;

UPDATE orders SET quantity = quantity + 1, total = total * 2 WHERE product_id = 2 ORDER BY total LIMIT 4;

UPDATE order_items SET price = price / 3, note = CONCAT(COALESCE(note, '-'), '!') ORDER BY price DESC LIMIT 5;

UPDATE tickets SET weight = weight - 1 WHERE weight IS NOT NULL ORDER BY weight LIMIT 7;

UPDATE logins SET attempts = attempts + 10 ORDER BY attempts DESC, login LIMIT 4;

UPDATE words SET general = UPPER(general), uca = LOWER(uca) ORDER BY word_id LIMIT 20;

UPDATE samples SET flag = NOT flag, big = big / 2, amount = -amount ORDER BY sample_id DESC LIMIT 6;

-- about: In SET an assignment sees what those before it assigned.
UPDATE users SET level = level + 1, balance = level ORDER BY user_id LIMIT 6;

UPDATE users SET name = CONCAT(name, '?'), bio = name WHERE level < 5 ORDER BY user_id LIMIT 6;

UPDATE users SET level = DEFAULT, balance = DEFAULT(balance) + 1 ORDER BY user_id LIMIT 6;

-- about: Subqueries that look at other shards.
UPDATE users SET level = 50 WHERE user_id IN (SELECT user_id FROM orders WHERE total > 300);

UPDATE users SET level = 50 WHERE user_id IN (SELECT product_id FROM orders);

UPDATE users SET level = 50 WHERE EXISTS (SELECT 1 FROM tickets WHERE tickets.weight = users.user_id);

UPDATE users SET level = (SELECT COUNT(*) FROM tickets WHERE weight < 10);

UPDATE users SET level = (SELECT COUNT(*) FROM orders WHERE orders.product_id = users.user_id) WHERE user_id < 8;

UPDATE users SET balance = (SELECT MAX(total) FROM orders);

UPDATE users SET balance = (SELECT SUM(total) FROM orders WHERE orders.user_id = users.user_id) WHERE user_id IN (SELECT user_id FROM orders);

UPDATE users SET balance = balance + COALESCE((SELECT SUM(price) FROM order_items i WHERE i.product_id = users.user_id), 0) WHERE country_code IS NOT NULL;

UPDATE orders SET status = 'paid' WHERE total > (SELECT AVG(total) FROM orders o2 WHERE o2.status = 'new');

UPDATE orders SET total = total + 1 WHERE user_id = (SELECT MIN(user_id) FROM users WHERE level = 1);

-- params: 100, 5
UPDATE users SET balance = ? WHERE user_id IN (SELECT product_id FROM orders WHERE quantity < ?);

UPDATE users SET level = 50 WHERE user_id NOT IN (SELECT user_id FROM orders);

UPDATE users SET name = (SELECT title FROM tickets WHERE ticket_id = users.user_id) WHERE user_id BETWEEN 1 AND 19;

-- error-only
UPDATE users SET level = (SELECT user_id FROM orders);

UPDATE users SET level = 3 WHERE user_id IN (SELECT user_id FROM orders WHERE FALSE);

-- about: Several tables.
UPDATE users u JOIN orders o ON o.user_id = u.user_id SET u.level = 9, o.status = 'done' WHERE u.user_id = 4;

UPDATE users u JOIN orders o ON o.user_id = u.user_id SET u.level = 9, o.status = 'done' WHERE o.total > 300;

UPDATE users u, orders o SET u.level = 11 WHERE u.user_id = o.product_id AND o.quantity > 2;

UPDATE users u JOIN orders o ON o.product_id = u.user_id SET u.balance = u.balance + o.total;

UPDATE users u JOIN tickets t ON t.weight = u.user_id SET u.name = t.title, t.title = u.name;

UPDATE tickets t JOIN (SELECT product_id, COUNT(*) AS n FROM orders GROUP BY product_id) x ON x.product_id = t.ticket_id SET t.weight = x.n;

UPDATE users LEFT JOIN orders ON orders.product_id = users.user_id SET users.level = 77 WHERE orders.user_id IS NULL;

UPDATE users u JOIN countries c ON c.code = u.country_code JOIN orders o ON o.product_id = u.level SET u.bio = c.name;

UPDATE orders o JOIN products p USING (product_id) SET o.total = o.total + 1;

UPDATE orders o JOIN users u ON u.user_id = o.product_id SET o.total = u.user_id, o.quantity = 5 WHERE u.level > 1;

UPDATE users a JOIN users b ON b.user_id = a.level SET a.name = b.name;

UPDATE orders o JOIN order_items i ON i.product_id = o.product_id SET i.note = o.status, o.quantity = o.quantity + 1;

-- about: Values that do not fit, and what fails, leave nothing.
UPDATE users SET level = 300 ORDER BY user_id LIMIT 3;
SELECT user_id, level FROM users ORDER BY user_id;

UPDATE users SET name = NULL WHERE user_id IN (SELECT product_id FROM orders);
SELECT user_id, name FROM users ORDER BY user_id;

UPDATE users SET country_code = 'TOO LONG' WHERE level = 1 ORDER BY user_id LIMIT 3;

UPDATE IGNORE users SET level = 300 ORDER BY user_id LIMIT 3;
SHOW WARNINGS;
SELECT user_id, level FROM users ORDER BY user_id;

SET sql_mode = '';
UPDATE users SET level = 300, country_code = 'TOO LONG' ORDER BY user_id LIMIT 3;
SHOW WARNINGS;

UPDATE users SET level = level - 5 ORDER BY user_id LIMIT 3;

UPDATE users SET nonsense = 1 ORDER BY user_id LIMIT 3;

UPDATE users SET level = nonsense ORDER BY user_id LIMIT 3;

UPDATE nonsense SET level = 1 ORDER BY user_id LIMIT 3;

UPDATE users SET born = '2024-02-30' ORDER BY user_id LIMIT 3;

-- about: A new primary key.
UPDATE orders SET order_id = order_id + 100 WHERE total > 200 ORDER BY user_id LIMIT 5;

UPDATE orders SET order_id = order_id + 1 ORDER BY order_id DESC LIMIT 100;

-- error-only
UPDATE orders SET order_id = 1 ORDER BY user_id LIMIT 20;
SELECT user_id, order_id FROM orders ORDER BY user_id, order_id;

-- about: Inside a transaction.
BEGIN;
UPDATE users SET level = 60 ORDER BY user_id LIMIT 4;
SELECT user_id, level FROM users ORDER BY user_id;
UPDATE users SET level = level + 1 WHERE user_id IN (SELECT product_id FROM orders);
ROLLBACK;
SELECT user_id, level FROM users ORDER BY user_id;

BEGIN;
INSERT INTO orders (user_id, order_id, product_id, total) VALUES (1, 50, 20, 5), (2, 50, 19, 5), (3, 50, 18, 5);
UPDATE users SET level = 60 WHERE user_id IN (SELECT product_id FROM orders WHERE order_id = 50);
-- error-only
UPDATE users SET level = 500 WHERE user_id IN (SELECT product_id FROM orders WHERE order_id = 50);
SELECT user_id, level FROM users ORDER BY user_id;
COMMIT;
SELECT user_id, level FROM users ORDER BY user_id;

SET autocommit = 0;
UPDATE users SET level = 61 ORDER BY user_id LIMIT 4;
ROLLBACK;
UPDATE users SET level = 62 ORDER BY user_id DESC LIMIT 4;
COMMIT;

START TRANSACTION READ ONLY;
UPDATE users SET level = 61 ORDER BY user_id LIMIT 4;
ROLLBACK;

-- about: User variables and functions of the session.
SET @n = 0;
UPDATE users SET level = (@n := @n + 1) ORDER BY user_id LIMIT 7;
-- text
SELECT @n;

UPDATE users SET level = LAST_INSERT_ID(17) ORDER BY user_id LIMIT 1;
SELECT LAST_INSERT_ID();

SET @limit = 3;
UPDATE users SET level = @limit WHERE level > 0 ORDER BY user_id LIMIT 2;

-- own rows
UPDATE users SET created_at = NOW(3), bio = UUID() WHERE user_id IN (SELECT product_id FROM orders);
SELECT COUNT(DISTINCT created_at), COUNT(DISTINCT bio) FROM users WHERE bio LIKE '%-%-%-%-%';

-- about: A row with a new shard key moves.
UPDATE users SET user_id = user_id + 1000 WHERE user_id IN (5, 6, 7);
SELECT user_id, name FROM users ORDER BY user_id;

UPDATE users SET user_id = 5001 WHERE user_id = 1;
SELECT * FROM users WHERE user_id = 5001;

UPDATE users SET user_id = 5002 WHERE user_id = 2;

UPDATE users SET user_id = 5003, name = 'moved' WHERE name = 'Chloé';

-- error-only
UPDATE users SET user_id = 3 WHERE user_id = 1;
SELECT user_id, name FROM users ORDER BY user_id;

UPDATE orders SET user_id = user_id + 1 WHERE user_id = 19;

UPDATE orders SET user_id = 77 WHERE total > 300;
SELECT * FROM orders ORDER BY user_id, order_id;

UPDATE tickets SET ticket_id = ticket_id + 100 WHERE ticket_id < 20;

UPDATE tickets SET ticket_id = ticket_id + 1 ORDER BY ticket_id DESC LIMIT 50;

UPDATE logins SET login = UPPER(login) WHERE login IN ('bob', 'carol', 'dave');
SELECT * FROM logins ORDER BY login;

-- natural key
UPDATE samples SET sample_id = sample_id * 10;

UPDATE words SET word_id = 1000 - word_id;

-- error-only
UPDATE users SET user_id = NULL WHERE user_id = 1;

UPDATE users SET user_id = user_id WHERE user_id = 1;

UPDATE users SET user_id = 1 WHERE user_id = 1;

BEGIN;
UPDATE users SET user_id = 6001 WHERE user_id = 1;
UPDATE users SET level = 9 WHERE user_id = 6001;
SELECT user_id, level FROM users WHERE user_id IN (1, 6001);
ROLLBACK;
SELECT user_id, level FROM users WHERE user_id IN (1, 6001);

-- about: Reference tables and single tables.
UPDATE products SET title = CONCAT(title, '!') ORDER BY product_id LIMIT 2;

UPDATE countries SET name = CONCAT(name, '!') WHERE code IN (SELECT country_code FROM users WHERE level = 1);

UPDATE products SET title = (SELECT MAX(name) FROM users) WHERE product_id = 2;

UPDATE products p JOIN orders o ON o.product_id = p.product_id SET p.title = CONCAT('sold ', o.user_id) WHERE o.total > 400;

UPDATE products p JOIN orders o ON o.product_id = p.product_id SET p.title = 'both', o.quantity = 7 WHERE o.total > 400;

UPDATE countries SET name = 'x' WHERE code = (SELECT MIN(code) FROM (SELECT code FROM countries) y);

-- about: The number of rows as a text, which some drivers bind.
-- prepared
-- params: 71, '3'
-- params: 72, 2
-- params: 73, '0'
UPDATE users SET level = ? ORDER BY user_id DESC LIMIT ?;
-- prepared
-- params: 74, 10, '2'
UPDATE users SET level = ? WHERE user_id > ? ORDER BY user_id LIMIT ?;
-- prepared
-- params: 1000, '3'
-- params: 1000, NULL
DELETE FROM orders WHERE total < ? ORDER BY user_id, order_id LIMIT ?;

-- about: Partitions that are named: rows of others stay as they are, and none leaves them.
CREATE TABLE made (id INT NOT NULL, p INT NOT NULL, a INT, PRIMARY KEY (id, p)) ENGINE=InnoDB PARTITION BY RANGE (p) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN MAXVALUE);
INSERT INTO made VALUES (1, 5, 0), (2, 15, 0), (3, 16, 0), (4, 17, 0), (5, 25, 0), (6, 5, 0), (7, 18, 0);
UPDATE made PARTITION (p1) SET a = a + 1 ORDER BY id DESC LIMIT 1;
UPDATE made PARTITION (p1, p2) SET a = a + 10 ORDER BY p, id LIMIT 2;
UPDATE made PARTITION (p1) m JOIN users u ON u.level = m.id SET m.a = m.a + 100;
-- ignore: status
SELECT * FROM made ORDER BY id;
UPDATE made PARTITION (p1) SET p = 26 ORDER BY id LIMIT 1;
UPDATE made PARTITION (p9) SET a = 0 ORDER BY id LIMIT 1;
DELETE FROM made PARTITION (p0, p2) ORDER BY id DESC LIMIT 2;
DELETE FROM m USING made PARTITION (p1) m JOIN users u ON u.level = m.id WHERE m.id > 2;
-- ignore: status
SELECT * FROM made ORDER BY id;
DROP TABLE made;

-- about: Indexes that are named.
UPDATE orders USE INDEX (PRIMARY) SET quantity = quantity + 1 ORDER BY total DESC, user_id, order_id LIMIT 2;
UPDATE orders o FORCE INDEX (PRIMARY) JOIN users u ON u.level = o.order_id SET o.quantity = 7;
UPDATE orders USE INDEX (nothing) SET quantity = 1 ORDER BY total LIMIT 1;
SELECT user_id, order_id, quantity FROM orders ORDER BY 1, 2;

-- about: Each row takes the key of the next, on whichever shard that is.
INSERT INTO tickets (ticket_id, title) VALUES
  (101, '1'), (102, '2'), (103, '3'), (104, '4'), (105, '5'), (106, '6'), (107, '7'), (108, '8'), (109, '9'), (110,
  '10'), (111, '11'), (112, '12'), (113, '13'), (114, '14'), (115, '15'), (116, '16'), (117, '17'), (118, '18'), (119,
  '19'), (120, '20'), (121, '21'), (122, '22'), (123, '23'), (124, '24'), (125, '25'), (126, '26'), (127, '27'), (128,
  '28'), (129, '29'), (130, '30'), (131, '31'), (132, '32'), (133, '33'), (134, '34'), (135, '35'), (136, '36'), (137,
  '37'), (138, '38'), (139, '39'), (140, '40');
UPDATE tickets SET ticket_id = ticket_id + 1 WHERE ticket_id BETWEEN 101 AND 900 ORDER BY ticket_id DESC;
SELECT ticket_id, title FROM tickets WHERE ticket_id BETWEEN 101 AND 900 ORDER BY ticket_id;
UPDATE tickets SET ticket_id = ticket_id - 1 WHERE ticket_id BETWEEN 101 AND 900 ORDER BY ticket_id;
SELECT ticket_id, title FROM tickets WHERE ticket_id BETWEEN 101 AND 900 ORDER BY ticket_id;
