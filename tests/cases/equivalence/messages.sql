-- about: errors that come behind the column definitions, or between rows
SELECT user_id, balance * 9223372036854775807 * 9223372036854775807 * 9223372036854775807 * 1e308 * 1e308 FROM users WHERE user_id = 1;
SELECT user_id + 9223372036854775807 FROM users WHERE user_id = 1;
SELECT user_id, (SELECT order_id FROM orders o WHERE o.user_id = users.user_id) FROM users WHERE user_id = 1;
SELECT u.user_id, u.user_id + 9223372036854775807 FROM users u WHERE u.user_id = 1;
SELECT user_id + 9223372036854775807 FROM users;
SELECT SUM(user_id + 9223372036854775807) FROM users;
SELECT user_id + 9223372036854775807 FROM users ORDER BY 1;
SELECT a.user_id + 9223372036854775807 FROM users a JOIN tickets b ON a.user_id = b.ticket_id;
SELECT user_id + 9223372036854775807 FROM shop.users;

-- about: names in expressions of messages
SELECT nope.* FROM users WHERE user_id = 1;
SELECT shop.nope.a FROM users WHERE user_id = 1;
SELECT users.nope FROM users WHERE user_id = 1;
SELECT shop.users.nope FROM users WHERE user_id = 1;
SELECT user_id FROM users u JOIN orders o USING (user_id) WHERE users.user_id = 1 AND u.user_id = 1;
SELECT user_id FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id = 1;
SELECT user_id FROM users, orders WHERE users.user_id = 1 AND orders.user_id = 1;
SELECT * FROM users JOIN users ON 1 WHERE users.user_id = 1;
SELECT users.name, COUNT(*) FROM users WHERE user_id = 1 GROUP BY nope;
SELECT 1 FROM users WHERE user_id = 1 AND (1, 2) = 3;
SELECT 1 FROM users WHERE user_id = 1 AND user_id = (SELECT user_id FROM orders WHERE user_id = 1);
INSERT INTO users (user_id, name, level) VALUES (1000, 'x', 'shop.users');
INSERT INTO users (user_id, name, born) VALUES (1000, 'x', 'shop_0.users_0');
INSERT INTO users (user_id, name) VALUES (1000, REPEAT('x', 100));
UPDATE users SET level = user_id - 1000 WHERE user_id = 1;
UPDATE users SET level = -1 WHERE user_id = 1;
UPDATE users SET born = 'shop_1.users' WHERE user_id = 1;
UPDATE orders SET order_id = 100 - 9223372036854775807 * user_id * 2 WHERE user_id = 1;
SELECT * FROM users FORCE INDEX (nope) WHERE user_id = 1;
SELECT * FROM users PARTITION (p0) WHERE user_id = 1;
CREATE TABLE users (a INT);
CREATE TABLE settings (a INT);
DROP TABLE nowhere;
ALTER TABLE nowhere ADD a INT;
ALTER TABLE users ADD name INT;
ALTER TABLE users DROP COLUMN nope;
CREATE INDEX by_country ON users (country_code);
DROP INDEX nope ON users;
TRUNCATE nowhere;
RENAME TABLE nowhere TO elsewhere;
LOCK TABLES users READ;
SELECT * FROM orders WHERE user_id = 1;
UPDATE users SET name = 'x' WHERE user_id = 1;
UNLOCK TABLES;
SELECT nothing(user_id) FROM users WHERE user_id = 1;
SELECT shop.nothing(user_id) FROM users WHERE user_id = 1;
CALL nothing();
CALL shop.nothing();
SHOW CREATE VIEW nowhere;
SHOW CREATE VIEW users;
DROP VIEW users;
DROP TRIGGER nowhere;
SELECT nothing.NEXTVAL FROM users WHERE user_id = 1;

-- about: a table with checks and generated columns
CREATE TABLE prices (id INT NOT NULL PRIMARY KEY, price INT CHECK (price > 0), low INT, high INT, span INT AS (high - low) STORED, CONSTRAINT in_order CHECK (low < high)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO prices (id, price) VALUES (1, 0);
INSERT INTO prices (id, low, high) VALUES (1, 2, 1);
INSERT INTO prices (id, low, high, span) VALUES (1, 1, 2, 3);
INSERT INTO prices (id, low, high) VALUES (1, -2147483648, 2147483647);
DROP TABLE prices;

-- about: warnings
SELECT user_id, user_id / 0, name + 1 FROM users WHERE user_id = 1;
SHOW WARNINGS;
INSERT IGNORE INTO users (user_id, name, level, born) VALUES (1001, REPEAT('x', 100), -1, 'shop_0.users_0');
SHOW WARNINGS;
INSERT IGNORE INTO users (user_id, name, level, born) VALUES (1001, REPEAT('x', 100), 'shop_t.users_3', 'x');
SHOW WARNINGS;
DROP TABLE IF EXISTS nowhere, shop.elsewhere;
SHOW WARNINGS;
CREATE TABLE IF NOT EXISTS settings (a INT);
SHOW WARNINGS;
SELECT nope FROM users WHERE user_id = 1;
SHOW ERRORS;
SELECT users.nope FROM users;
SHOW ERRORS;
SHOW WARNINGS;
SELECT a.user_id + 9223372036854775807 FROM users a JOIN tickets b ON a.user_id = b.ticket_id;
SHOW ERRORS;

-- about: plans
-- ignore: rows
EXPLAIN SELECT * FROM users WHERE user_id = 1;
-- ignore: rows
EXPLAIN SELECT * FROM users u JOIN countries o ON o.code = u.country_code WHERE u.user_id = 1;
-- ignore: rows
EXPLAIN SELECT * FROM shop.users u JOIN shop.countries o ON u.country_code = o.code WHERE u.user_id = 1;
-- ignore: rows
EXPLAIN FORMAT=JSON SELECT * FROM users u JOIN countries o ON u.country_code = o.code WHERE u.user_id = 1;
-- ignore on MySQL: message
-- ignore: rows
EXPLAIN EXTENDED SELECT * FROM users WHERE user_id > 1 AND user_id = 1 AND name <> 'shop_0.users_0';
-- ignore: rows
SHOW WARNINGS;
-- ignore: rows
EXPLAIN UPDATE users SET name = 'x' WHERE user_id = 1;
-- ignore: rows
SHOW WARNINGS;

-- about: a common table expression that is read again
WITH o AS (SELECT user_id, MAX(total) AS most FROM orders GROUP BY user_id) SELECT a.user_id, b.most FROM o a JOIN o b ON b.user_id = a.user_id + 1 ORDER BY 1;
WITH o AS (SELECT order_id, MAX(product_id) AS most FROM orders GROUP BY order_id) SELECT * FROM o JOIN o b ON b.order_id = o.most ORDER BY 1, 2, 3, 4;

-- about: plans of joins
-- ignore: rows
EXPLAIN SELECT * FROM countries c JOIN settings p ON p.id = c.name;
-- ignore: rows
EXPLAIN SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;
-- ignore: rows
EXPLAIN FORMAT=JSON SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;
-- ignore on MySQL: message
-- ignore: rows
EXPLAIN EXTENDED SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name AND nullif(c.name, 'shop_0.x');
-- ignore: rows
SHOW WARNINGS;
-- ignore: rows
EXPLAIN SELECT * FROM settings s WHERE EXISTS (SELECT 1 FROM countries WHERE name = s.name);
-- ignore: rows
SHOW WARNINGS;
-- ignore: rows
ANALYZE FORMAT=JSON SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;
-- ignore: rows
ANALYZE SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;
-- ignore: rows
EXPLAIN ANALYZE SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;
-- ignore: rows
EXPLAIN FORMAT=TREE SELECT * FROM countries c JOIN settings p ON p.id = c.name + 0 WHERE c.name <> p.name;

-- about: what looks after tables
-- ignore: rows
CHECK TABLE settings, nowhere;
CHECK TABLE users;
-- ignore: rows
ANALYZE TABLE settings;
ANALYZE TABLE users;
-- ignore: rows
OPTIMIZE TABLE settings;
OPTIMIZE TABLE shop.users;
-- ignore: rows
CHECKSUM TABLE settings;
CHECKSUM TABLE users;
-- ignore: rows
REPAIR TABLE settings;

-- about: several results of one statement
CREATE PROCEDURE two() BEGIN SELECT * FROM settings WHERE id = 1; SELECT s.id, s.id + 9223372036854775806 FROM settings s WHERE id < 3; END;
CALL two();
DROP PROCEDURE two;
CREATE PROCEDURE three() BEGIN SELECT * FROM settings WHERE id = 1; SELECT name, COUNT(*) FROM settings GROUP BY name ORDER BY name LIMIT 1; SELECT id FROM settings WHERE id = 3; END;
CALL three();
DROP PROCEDURE three;

-- about: constraints of tables that share a schema with their other shards
-- natural key
ALTER TABLE orders ADD CONSTRAINT of_users FOREIGN KEY (user_id) REFERENCES users (user_id);
-- natural key
INSERT INTO orders (user_id, order_id, total) VALUES (987654, 1, 1);
DELETE FROM users WHERE user_id = 1;
SHOW CREATE TABLE orders;
-- ignore: rows
SHOW INDEX FROM orders;
SELECT constraint_name, table_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = 'shop' ORDER BY table_name, constraint_name;
SELECT constraint_name, table_name, referenced_table_name FROM information_schema.referential_constraints WHERE constraint_schema = 'shop';
SELECT constraint_name, table_name, column_name, referenced_table_schema, referenced_table_name, referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() ORDER BY table_name, constraint_name, ordinal_position;
ALTER TABLE orders DROP FOREIGN KEY of_users;

-- about: a backslash before a letter of several bytes
INSERT INTO tickets (ticket_id, title, weight) VALUES (70010, 'a', 'C:\\Übung');
INSERT INTO tickets (ticket_id, title, weight) VALUES (70010, REPEAT('C:\\Übung', 50), 1);
SELECT `a\é` FROM tickets WHERE ticket_id = 1;
