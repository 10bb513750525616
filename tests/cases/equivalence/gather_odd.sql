-- about: Odd types, attributes and names of a table without a rule, beside a sharded one.
CREATE TABLE `odd ``t` (id INT NOT NULL PRIMARY KEY, a INT, b INT AS (a * 2) VIRTUAL, c INT AS (a + 1) STORED, z INT(8) ZEROFILL, y YEAR, bits BIT(12), e ENUM('', 'a', 'b') DEFAULT '', s SET('x','y') DEFAULT '', d DATE DEFAULT NULL, t TIME(3), txt VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci, bin VARBINARY(10), f FLOAT(7,3), g DOUBLE, dec1 DECIMAL(30,10) UNSIGNED, ts TIMESTAMP(6) NULL, j JSON, `group` INT, `a b` INT, `sel``ect` VARCHAR(5)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
SET sql_mode = '';
INSERT INTO `odd ``t` (id, a, z, y, bits, e, s, d, t, txt, bin, f, g, dec1, ts, j, `group`, `a b`, `sel``ect`) VALUES (1, 5, 42, 2024, b'101010101010', 'zzz', 'x,y', '0000-00-00', '-838:59:59.999', 'Stra\xdfe', x'00ff', 1234.5678, 1e308, 12345678901234567890.0123456789, '2024-02-29 12:00:00.123456', '{"a": [1, 2.50, "x"]}', 1, 2, 'a''`');
INSERT INTO `odd ``t` (id, a, z, y, bits, e, s, d, t, txt, bin, f, g, dec1, ts, j, `group`, `a b`, `sel``ect`) VALUES (2, NULL, 7, 0, b'1', '', '', '2024-00-10', '00:00:00.5', 'strasse', '', -0.0, -1e-300, 0, '2024-10-27 00:30:00', NULL, 3, 4, '\\');
SELECT o.*, u.name FROM `odd ``t` o LEFT JOIN users u ON u.level = o.id ORDER BY o.id, u.user_id;
SELECT o.`sel``ect`, o.`a b`, o.`group`, COUNT(u.user_id) FROM `odd ``t` AS o JOIN users u ON u.level >= o.id GROUP BY o.id, o.`sel``ect`, o.`a b`, o.`group` ORDER BY 1;
SELECT `odd ``t`.b, c, z, bits + 0, e + 0, s + 0, HEX(bits), HEX(bin), f, g, y FROM `odd ``t` JOIN users ON users.level = `odd ``t`.id AND users.user_id < 20 ORDER BY id, users.user_id;
SELECT MAX(o.z), MIN(o.e), MAX(o.s), MAX(o.bits), MIN(o.d), MAX(o.t), MAX(o.txt), SUM(o.f), MAX(o.j), MAX(o.ts) FROM `odd ``t` o JOIN users u ON u.level = o.id;
SELECT u.user_id FROM users u WHERE u.level IN (SELECT id FROM `odd ``t` WHERE txt = 'STRASSE') ORDER BY 1;
DROP TABLE `odd ``t`;

-- about: names that are alike
SELECT users.user_id, t.users FROM users JOIN (SELECT ticket_id AS users, title FROM tickets) t ON t.users = users.level ORDER BY 1, 2;

SELECT tickets.title tickets FROM users tickets_, tickets WHERE tickets_.level = tickets.ticket_id ORDER BY tickets;

SELECT (SELECT COUNT(*) FROM tickets WHERE tickets.ticket_id = users.level) tickets, users.user_id FROM users HAVING tickets > 0 ORDER BY users.user_id;

WITH tickets AS (SELECT user_id AS ticket_id, name AS title FROM users) SELECT tickets.title, o.order_id FROM tickets JOIN orders o ON o.quantity = tickets.ticket_id ORDER BY 1, 2;

WITH RECURSIVE chain AS (SELECT ticket_id, title, 1 AS depth FROM tickets WHERE ticket_id = 1 UNION ALL SELECT t.ticket_id, t.title, c.depth + 1 FROM tickets t JOIN chain c ON t.ticket_id = c.ticket_id + 1 WHERE c.depth < 4) SELECT c.*, u.name FROM chain c LEFT JOIN users u ON u.user_id = c.ticket_id ORDER BY c.depth;

WITH a AS (SELECT level l, COUNT(*) n FROM users GROUP BY level), b AS (SELECT a.l, t.title FROM a JOIN tickets t ON t.ticket_id = a.n) SELECT b.title, a.n FROM a LEFT JOIN b ON b.l = a.l ORDER BY a.n, b.title;

SELECT d.n, d.title FROM (SELECT t.title, (SELECT COUNT(*) FROM users u WHERE u.level = t.ticket_id) n FROM tickets t) d WHERE d.n > 0 ORDER BY d.title;

-- about: outer joins with conditions everywhere
SELECT u.user_id, t.ticket_id, o.order_id FROM users u LEFT JOIN (tickets t JOIN orders o ON o.quantity = t.ticket_id) ON t.ticket_id = u.level AND o.total > 10 WHERE u.user_id < 12 AND (t.weight IS NULL OR t.weight > 1) ORDER BY 1, 2, 3;

SELECT u.user_id, t.ticket_id FROM tickets t RIGHT JOIN users u ON t.ticket_id = u.level AND u.balance > 1000 WHERE t.title IS NULL ORDER BY 1;

SELECT t.ticket_id, COUNT(u.user_id) FROM tickets t LEFT JOIN users u ON u.level = t.ticket_id GROUP BY t.ticket_id ORDER BY 1;

SELECT t.ticket_id, GROUP_CONCAT(u.name ORDER BY u.user_id SEPARATOR '|') FROM tickets t LEFT JOIN users u ON u.level = t.ticket_id GROUP BY t.ticket_id ORDER BY 1;

SELECT a.user_id FROM users a WHERE a.balance > (SELECT AVG(b.balance) FROM users b WHERE b.level = a.level) ORDER BY 1;

SELECT a.user_id FROM users a WHERE (a.level, a.country_code) IN (SELECT b.level, b.country_code FROM users b WHERE b.user_id > a.user_id) ORDER BY 1;

SELECT a.user_id FROM users a WHERE a.balance >= ALL (SELECT o.total FROM orders o WHERE o.quantity = a.level) ORDER BY 1;

SELECT p.title FROM products p WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.product_id = p.product_id AND EXISTS (SELECT 1 FROM users u WHERE u.user_id = o.user_id AND u.level = p.product_id)) ORDER BY 1;

SELECT COUNT(*) FROM users u, tickets t, settings s, countries c, products p WHERE u.level = t.ticket_id AND s.id = t.ticket_id AND c.code = u.country_code AND p.product_id = s.id;

SELECT STRAIGHT_JOIN u.user_id, t.title FROM users u STRAIGHT_JOIN tickets t ON t.ticket_id = u.level ORDER BY 1;

SELECT u.user_id, s.value FROM users u CROSS JOIN settings s WHERE s.name = CONCAT('lim', 'it') ORDER BY 1;

SELECT /*+ MAX_EXECUTION_TIME(5000) */ u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY 1;

(SELECT u.name FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.balance DESC LIMIT 2) UNION ALL (SELECT t.title FROM tickets t ORDER BY t.ticket_id LIMIT 2);

SELECT u.level, t.title, SUM(u.balance) s FROM users u JOIN tickets t ON t.ticket_id = u.level GROUP BY u.level, t.title WITH ROLLUP;

SELECT t.title, RANK() OVER (ORDER BY COUNT(*) DESC, t.title) r FROM users u JOIN tickets t ON t.ticket_id = u.level GROUP BY t.title ORDER BY r;

SELECT IF(t.weight > 3, 'heavy', 'light') w, COUNT(*) c, AVG(u.score) FROM users u JOIN tickets t ON t.ticket_id = u.level GROUP BY w ORDER BY w;

SELECT DISTINCT t.title FROM users u JOIN tickets t ON t.ticket_id = u.level ORDER BY u.level DESC LIMIT 2;

-- about: time zone, character sets, modes of the session
SET time_zone = '+05:00';
SET NAMES latin1;
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
SELECT u."name" || t.title, u.seen_at FROM users u JOIN "tickets" t ON t.ticket_id = u.level ORDER BY u.user_id;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SELECT u.user_id, 'a\b' FROM users u JOIN tickets t ON t.ticket_id = u.level AND t.title <> 'x\' ORDER BY 1;
SELECT u.user_id, UNIX_TIMESTAMP(u.seen_at) FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.seen_at > '2025-03-02 13:00:00' ORDER BY 1;
