-- about: LIMIT and OFFSET over several shards.
SELECT user_id FROM users ORDER BY user_id LIMIT 3;

SELECT user_id FROM users ORDER BY user_id LIMIT 2, 3;

SELECT user_id FROM users ORDER BY user_id LIMIT 3 OFFSET 2;

SELECT user_id FROM users ORDER BY user_id LIMIT 0;

SELECT user_id FROM users ORDER BY user_id LIMIT 1000;

SELECT user_id FROM users ORDER BY user_id LIMIT 1000, 5;

SELECT user_id FROM users ORDER BY user_id LIMIT 28, 18446744073709551615;

SELECT name FROM users ORDER BY user_id DESC LIMIT 5;

SELECT name, balance FROM users ORDER BY balance DESC LIMIT 1;

SELECT * FROM users ORDER BY name, user_id LIMIT 4, 4;

-- about: Any three rows will do.
-- ignore: rows
SELECT user_id FROM users LIMIT 3;

-- ignore: rows
SELECT * FROM users LIMIT 10, 5;

SELECT user_id FROM users LIMIT 0;

SELECT user_id FROM users WHERE level > 100 LIMIT 5;

-- params: 3
-- params: 0
-- params: 100
SELECT user_id FROM users ORDER BY user_id LIMIT ?;

-- params: 2, 3
-- params: 0, 1
SELECT user_id FROM users ORDER BY user_id LIMIT ?, ?;

-- params: 5, 3, 2
SELECT user_id, ? FROM users ORDER BY user_id LIMIT ? OFFSET ?;

-- params: 'a', 2, 3
SELECT user_id FROM users WHERE name > ? ORDER BY level % ?, user_id LIMIT ?;

SELECT user_id FROM users WHERE user_id IN (1, 2, 3, 4, 5, 6, 7, 8) ORDER BY user_id LIMIT 2;

SELECT user_id FROM users ORDER BY user_id LIMIT 3;
SELECT FOUND_ROWS();

SELECT user_id FROM users ORDER BY user_id LIMIT 3, 2;
SELECT FOUND_ROWS();
SELECT ROW_COUNT();

SELECT user_id FROM users ORDER BY user_id LIMIT 29, 5;
SELECT FOUND_ROWS();

SELECT user_id FROM users ORDER BY user_id LIMIT 100, 5;
SELECT FOUND_ROWS();

SELECT user_id FROM users ORDER BY user_id LIMIT 2; SELECT name FROM users WHERE user_id = 1; SELECT user_id FROM users ORDER BY user_id DESC LIMIT 1;

-- error-only
SELECT user_id FROM users ORDER BY user_id LIMIT -1;

-- error-only
SELECT user_id FROM users ORDER BY user_id LIMIT 1.5;

BEGIN;
SELECT user_id FROM users ORDER BY name, user_id LIMIT 2;
SELECT user_id FROM users ORDER BY name, user_id LIMIT 2;
ROLLBACK;
