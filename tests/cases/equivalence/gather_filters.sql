-- about: Predicates that go along with what is gathered: on the side whose rows are kept, on the other one, on both.
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id > 3 AND t.weight > 2 ORDER BY 1, 2;

SELECT u.user_id, t.title, t.weight FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND t.weight > 2 WHERE u.balance > 1000 ORDER BY 1, 2;

SELECT u.user_id, t.title, t.weight FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND u.balance > 1000 ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level WHERE t.weight > 2 ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level WHERE t.weight IS NULL ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level WHERE COALESCE(t.weight, 0) < 4 ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level WHERE t.weight <=> NULL ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND t.weight <=> NULL ORDER BY 1, 2;

SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level WHERE t.weight <> 3 OR t.ticket_id IS NULL ORDER BY 1, 2;

SELECT t.ticket_id, u.user_id FROM users u RIGHT JOIN tickets t ON t.ticket_id = u.level AND u.balance > 3000 WHERE t.title LIKE '%a%' ORDER BY 1, 2;

SELECT t.ticket_id, u.user_id FROM users u RIGHT JOIN tickets t ON t.ticket_id = u.level WHERE u.balance > 3000 AND t.ticket_id < 9 ORDER BY 1, 2;

SELECT u.user_id, t.ticket_id, p.title FROM users u LEFT JOIN (tickets t JOIN products p ON p.product_id = t.ticket_id AND p.price > 5) ON t.ticket_id = u.level AND t.weight < 90 ORDER BY 1, 2;

SELECT u.user_id, t.ticket_id, o.order_id FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND t.ticket_id > 1 LEFT JOIN orders o ON o.product_id = t.ticket_id AND o.total > 20 WHERE u.user_id < 9 ORDER BY 1, 2, 3;

SELECT a.user_id, b.user_id FROM users a LEFT JOIN users b ON b.country_code = a.country_code AND b.user_id > 5 WHERE a.user_id < 8 ORDER BY 1, 2;

SELECT a.user_id, b.user_id, c.user_id FROM users a JOIN users b ON b.level = a.level AND b.mood = 'glad' LEFT JOIN users c ON c.level = b.level AND c.mood = 'sad' WHERE a.mood IS NOT NULL ORDER BY 1, 2, 3;

-- about: NULL-safe comparisons, NOT, XOR, OR, CASE, IN, BETWEEN, rows.
SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.country_code <=> 'DE' AND NOT t.weight <=> 3 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND (u.level = 1 XOR u.mood = 'glad') ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND (u.level = 1 OR t.weight > 4) AND (u.name > 'A' OR u.name IS NULL) ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND CASE WHEN u.level > 2 THEN u.mood = 'glad' ELSE u.born > '1960-01-01' END ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.country_code IN ('DE', 'FR', NULL) AND u.born BETWEEN '1950-01-01' AND DATE '1970-01-01' ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND (u.level, u.mood) IN ((1, 'glad'), (2, 'sad')) ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND (u.level, t.weight) <> (1, 2) ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.user_id NOT IN (1, 2, 3) AND u.name NOT LIKE 'A%' ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.name COLLATE utf8mb4_bin > 'a' AND LENGTH(u.email) > 10 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND YEAR(u.born) = 1962 + t.ticket_id AND MONTH(u.created_at) < 9 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.created_at > TIMESTAMP '2024-04-01 00:00:00' - INTERVAL 1 MONTH ORDER BY 1;

SELECT user_id FROM users, tickets WHERE ticket_id = level AND balance > 3000 AND weight < 50 AND users.level > 1 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND rating = 6.25 AND flags & 1 = 0 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.tags LIKE 'a%' AND u.avatar > x'20' ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.user_id > 3 /* a comment */ AND u.level < 4 -- and another
ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.seen_at >= '2025-03-05 00:00:00' ORDER BY 1;

-- about: The same under other settings of the session.
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT';
SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u."level" AND u.name || 'x\' <> 'Ada' || 'x\' ORDER BY 1;
SET time_zone = '+05:00';
SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.seen_at >= '2025-03-05 12:00:00' ORDER BY 1;
SET NAMES latin1;
SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.email > 'u' ORDER BY 1;

-- about: Derived tables, common table expressions, subqueries, set operations: each block has its own.
SELECT d.user_id, t.title FROM (SELECT user_id, level FROM users WHERE balance > 2000 AND level < 4) d JOIN tickets t ON t.ticket_id = d.level WHERE t.weight > 1 ORDER BY 1;

SELECT d.level, d.n FROM (SELECT level, COUNT(*) n FROM users WHERE mood = 'glad' GROUP BY level) d LEFT JOIN tickets t ON t.ticket_id = d.level AND t.weight > 3 WHERE d.n > 0 ORDER BY 1;

WITH rich AS (SELECT * FROM users WHERE balance > 3000) SELECT r.user_id, t.title FROM rich r JOIN tickets t ON t.ticket_id = r.level AND t.weight < 80 ORDER BY 1, 2;

SELECT u.user_id FROM users u WHERE u.level > 1 AND EXISTS (SELECT 1 FROM tickets t WHERE t.ticket_id = u.level AND t.weight > 2 AND u.balance > 1000) ORDER BY 1;

SELECT u.user_id, (SELECT MAX(t.weight) FROM tickets t WHERE t.ticket_id <= u.level AND weight < 50) m FROM users u WHERE u.balance > 3000 ORDER BY 1;

SELECT user_id FROM users WHERE level IN (SELECT ticket_id FROM tickets WHERE weight > level) AND balance > 100 ORDER BY 1;

SELECT user_id FROM users WHERE balance > 5000 UNION SELECT ticket_id FROM tickets WHERE weight > 3 ORDER BY 1;

SELECT user_id FROM users WHERE user_id NOT IN (SELECT ticket_id FROM tickets WHERE weight IS NOT NULL) AND level = 2 ORDER BY 1;

SELECT country_code, COUNT(*), SUM(balance) FROM users WHERE balance > 1000 AND level <> 3 GROUP BY country_code WITH ROLLUP;

SELECT user_id, SUM(balance) OVER (ORDER BY user_id) s FROM users WHERE level > 2 AND mood = 'sad' ORDER BY 1;

-- about: Names that belong to several tables, or to one by USING.
SELECT user_id, t.title FROM users JOIN orders USING (user_id) JOIN tickets t ON t.ticket_id = product_id WHERE user_id < 9 AND total > 10 AND weight < 100 ORDER BY 1, 2;

-- error-only
SELECT 1 FROM users a JOIN users b ON a.level = b.user_id WHERE level > 2;

-- error-only
SELECT 1 FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE nothing > 2;

-- about: What a predicate says of rows is the same. Off the key another table is read first, and more rows are asked.
-- natural key
SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.user_id AND u.name = 0 AND u.level = 1 ORDER BY 1;

SELECT u.user_id FROM users u, tickets t WHERE t.ticket_id = u.level AND u.user_id = 3 AND 9223372036854775807 + u.level > 0 ORDER BY 1;

-- about: Parameters.
-- params: 3, 2
-- params: 100, 0
-- params: NULL, 2
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id > ? AND t.weight > ? ORDER BY 1, 2;

-- params: 'A', 1000.5
-- params: 'o''n\\eil', 1
-- params: 'é', 0
SELECT u.user_id, t.title FROM users u LEFT JOIN tickets t ON t.ticket_id = u.level AND t.weight < 90 WHERE u.name >= ? AND u.balance > ? ORDER BY 1, 2;

-- params: '3', 2.5
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.user_id > ? AND t.weight > ? ORDER BY 1, 2;

-- params: 1, 3, 5, '1960-01-01', 'glad'
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.level IN (?, ?, ?) AND u.born > ? AND u.mood = ? ORDER BY 1, 2;

-- params: 2, 4, 'a%', 7
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.level BETWEEN ? AND ? AND u.name LIKE ? AND u.user_id + 0 < ? ORDER BY 1, 2;

-- about: The same table with different predicates, in one block and in several.
SELECT a.user_id, b.user_id FROM users a JOIN users b ON a.level = b.level WHERE a.mood = 'glad' AND b.mood = 'sad' ORDER BY 1, 2;

SELECT (SELECT COUNT(*) FROM users WHERE level = 1), (SELECT COUNT(*) FROM users WHERE level = 2), (SELECT COUNT(*) FROM tickets WHERE weight > 3);

-- about: What assigns variables looks at rows in an order of its own; in transactions own writes are seen.
BEGIN;
UPDATE users SET balance = 99999 WHERE user_id = 3;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.balance > 50000 ORDER BY 1;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.name = 0 AND u.balance > 50000 ORDER BY 1;
ROLLBACK;
SELECT u.user_id, t.title FROM users u JOIN tickets t ON t.ticket_id = u.level WHERE u.balance > 50000 ORDER BY 1;
