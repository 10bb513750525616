-- about: Rows of several shards, read and locked.
SELECT user_id FROM users ORDER BY user_id LIMIT 4 FOR UPDATE;

BEGIN;
SELECT user_id, level FROM users WHERE level = 2 ORDER BY user_id FOR UPDATE;
COMMIT;

BEGIN;
-- unordered
SELECT user_id FROM users WHERE level = 3 LOCK IN SHARE MODE;
ROLLBACK;

SELECT user_id FROM users WHERE mood = 'sad' ORDER BY balance DESC FOR UPDATE SKIP LOCKED;

SELECT user_id FROM users WHERE mood = 'glad' ORDER BY balance FOR UPDATE NOWAIT;

-- unordered
SELECT u.user_id, o.order_id FROM users u JOIN orders o ON o.user_id = u.user_id WHERE o.status = 'paid' FOR UPDATE;

SELECT title FROM tickets WHERE weight > 10 ORDER BY ticket_id LOCK IN SHARE MODE;

BEGIN;
SELECT user_id FROM users WHERE user_id IN (1, 2, 3, 4) ORDER BY user_id FOR UPDATE;
SELECT COUNT(*) FROM users WHERE user_id IN (1, 2, 3, 4);
ROLLBACK;

-- about: shards' own connections do not skip, or meet, each other's locks of a table that is not sharded
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY u.user_id FOR UPDATE SKIP LOCKED;
SELECT u.user_id, s.name FROM users u JOIN settings s ON s.id = 1 ORDER BY u.user_id FOR UPDATE SKIP LOCKED;
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = u.country_code ORDER BY u.user_id FOR UPDATE NOWAIT;
SELECT u.user_id, c.name FROM users u JOIN countries c ON c.code = u.country_code WHERE u.user_id < 9 ORDER BY u.user_id;
