-- about: What needs all rows together, and what is refused, by name.
SELECT name FROM users HAVING name > 'C';

SELECT name, ROW_NUMBER() OVER (ORDER BY user_id) FROM users;

SELECT name FROM users UNION SELECT title FROM tickets;

SELECT name FROM users WHERE user_id = 1 UNION SELECT name FROM users WHERE user_id = 2 UNION SELECT name FROM users WHERE user_id = 3 UNION SELECT name FROM users WHERE user_id = 4;

SELECT GROUP_CONCAT(name) FROM users;

SELECT SQL_CALC_FOUND_ROWS name FROM users LIMIT 1;


-- refused: 1235
UPDATE users SET level = 9 LIMIT 2;

-- refused: 1235
DELETE FROM users ORDER BY user_id LIMIT 1;

-- refused: 1235
INSERT INTO users (user_id, name) SELECT user_id + 100000, name FROM users;

-- refused: 1235
UPDATE users SET user_id = 5001 WHERE user_id = 1;

-- refused: 1235
INSERT INTO users (user_id, name) VALUES (FLOOR(RAND() * 1000), 'x');

SET @n = 0;
SELECT @n := @n + 1, name FROM users;

-- about: The session goes on after a refusal.
-- refused: 1235
UPDATE users SET level = 9 LIMIT 2;
SELECT STD(level) FROM users;
SELECT name FROM users WHERE user_id = 1;
