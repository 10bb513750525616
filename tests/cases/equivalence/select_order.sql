-- about: ORDER BY over several shards: every type, direction and way to name a key; ties are ended by the primary key.
SELECT sample_id FROM samples ORDER BY tiny, sample_id;

SELECT sample_id, ubig FROM samples ORDER BY ubig DESC, sample_id;

SELECT sample_id FROM samples ORDER BY big, sample_id DESC;

SELECT sample_id, huge FROM samples ORDER BY huge, sample_id;

SELECT sample_id FROM samples ORDER BY amount DESC, sample_id;

SELECT sample_id FROM samples ORDER BY single, twice DESC, sample_id;

SELECT sample_id FROM samples ORDER BY bits, sample_id;

SELECT sample_id FROM samples ORDER BY fixed, sample_id;

SELECT sample_id FROM samples ORDER BY body DESC, sample_id;

SELECT sample_id FROM samples ORDER BY raw, vraw DESC, sample_id;

SELECT sample_id FROM samples ORDER BY bin, sample_id;

SELECT sample_id, day, at FROM samples ORDER BY day, at DESC, sample_id;

SELECT sample_id FROM samples ORDER BY precisely DESC, sample_id;

SELECT sample_id, span, fine FROM samples ORDER BY span, fine, sample_id;

SELECT sample_id FROM samples ORDER BY year DESC, stamp, sample_id;

SELECT sample_id, level FROM samples ORDER BY level DESC, sample_id;

SELECT sample_id FROM samples ORDER BY marks, sample_id;

SELECT sample_id FROM samples ORDER BY flag, grp DESC, sample_id;

SELECT sample_id FROM samples ORDER BY grp IS NULL, grp, sample_id;

SELECT sample_id FROM samples ORDER BY -grp, sample_id;

SELECT sample_id, amount * 2 AS doubled FROM samples ORDER BY doubled, 1;

SELECT sample_id, varied FROM samples ORDER BY CHAR_LENGTH(varied), sample_id DESC;

SELECT sample_id FROM samples ORDER BY CASE WHEN level = 'mid' THEN 0 ELSE 1 END, sample_id;

SELECT sample_id FROM samples ORDER BY COALESCE(varied, body, 'none'), sample_id;

SELECT name, user_id FROM users ORDER BY name, user_id;

SELECT * FROM users ORDER BY user_id DESC;

SELECT user_id AS u, name FROM users ORDER BY users.name DESC, u;

SELECT u.*, u.level + 1 FROM users u ORDER BY u.level, u.user_id;

SELECT user_id, name AS level FROM users ORDER BY level, user_id;

SELECT order_id, user_id FROM orders ORDER BY 1, 2;

SELECT user_id, order_id, total FROM orders ORDER BY total * quantity DESC, user_id, order_id LIMIT 7;

SELECT user_id FROM users ORDER BY score IS NULL, score, user_id LIMIT 5 OFFSET 3;

-- params: 4, 2
-- params: 0, 0
-- params: 100, 25
SELECT user_id, created_at FROM users ORDER BY created_at DESC LIMIT ? OFFSET ?;

-- params: 'b'
SELECT user_id, LEFT(name, 1) = ? AS hit FROM users ORDER BY hit DESC, user_id;

SELECT user_id FROM users WHERE level > 2 ORDER BY (SELECT COUNT(*) FROM orders o WHERE o.user_id = users.user_id) DESC, user_id;

-- ignore: flags
SELECT u.user_id, o.order_id FROM users u JOIN orders o ON o.user_id = u.user_id ORDER BY o.total DESC, u.user_id LIMIT 6;

SELECT title FROM tickets ORDER BY weight DESC, ticket_id LIMIT 3, 4;

SELECT login FROM logins ORDER BY attempts, login;

SELECT user_id FROM users ORDER BY NULL LIMIT 0;

SELECT user_id, name FROM users ORDER BY name COLLATE utf8mb4_bin, user_id;

SELECT user_id FROM users ORDER BY RAND(user_id) * 0, user_id LIMIT 4;

SELECT user_id, DATE_FORMAT(born, '%m') AS month FROM users ORDER BY month, user_id;

SELECT user_id, alarm FROM users ORDER BY alarm DESC, user_id LIMIT 8;

SELECT 'constant', user_id FROM users ORDER BY 1, 2 LIMIT 2;
