-- about: DISTINCT whose columns are those of `*`, and what rows of set operations are sorted by.
SELECT DISTINCT * FROM tickets ORDER BY title, ticket_id;

SELECT DISTINCT * FROM orders ORDER BY status, total DESC, user_id, order_id LIMIT 7;

SELECT DISTINCT o.* FROM orders o ORDER BY o.total, o.user_id, o.order_id LIMIT 3 OFFSET 2;

SELECT DISTINCT c.* FROM users u JOIN countries c ON c.code = u.country_code ORDER BY name;

SELECT DISTINCT c.*, u.level FROM users u JOIN countries c ON c.code = u.country_code ORDER BY level DESC, code LIMIT 9;

-- unordered
SELECT DISTINCT c.* FROM users u JOIN countries c ON c.code = u.country_code;

-- unordered
SELECT DISTINCT u.* FROM users u JOIN orders o ON o.user_id = u.user_id;

SELECT DISTINCT u.*, o.status FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY status, user_id;

SELECT DISTINCT *, level + 1 AS next FROM users ORDER BY next DESC, 1 LIMIT 5;

-- params: 3, 4
-- params: NULL, 2
SELECT DISTINCT o.* FROM orders o WHERE quantity >= ? ORDER BY order_id, total, user_id LIMIT ?;

SELECT DISTINCT user_id, status FROM orders ORDER BY status, user_id;

SELECT DISTINCT user_id, name FROM users ORDER BY name DESC, user_id LIMIT 4;

SELECT DISTINCT country_code AS c FROM users ORDER BY c DESC;

-- error-only
SELECT DISTINCT u.* FROM users u ORDER BY nothing;

SELECT user_id AS id FROM users UNION ALL SELECT user_id FROM orders ORDER BY id % 7, id;

SELECT user_id AS id, name FROM users UNION ALL SELECT user_id, status FROM orders ORDER BY LOWER(name), id LIMIT 12;

SELECT user_id AS id, name FROM users UNION ALL SELECT ticket_id, title FROM tickets ORDER BY CHAR_LENGTH(name) DESC, -id, name LIMIT 5, 6;

SELECT level AS l FROM users UNION SELECT quantity FROM orders ORDER BY -l;

SELECT level AS l, name FROM users UNION ALL SELECT quantity, status FROM orders ORDER BY CASE WHEN l > 3 THEN name ELSE 'm' END, l, name;

SELECT level AS l FROM users UNION ALL SELECT quantity FROM orders ORDER BY l IS NULL, l DESC LIMIT 3;

-- params: 3
SELECT user_id AS id FROM users UNION ALL SELECT user_id FROM orders ORDER BY id % ?, id LIMIT 6;

-- error-only
SELECT user_id AS id FROM users UNION ALL SELECT user_id FROM orders ORDER BY id + nothing;
