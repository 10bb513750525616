-- about: What needs all rows together, and what is refused, by name.
SELECT name FROM users HAVING name > 'C';

SELECT name, ROW_NUMBER() OVER (ORDER BY user_id) FROM users;

-- unordered
SELECT email FROM users UNION SELECT title FROM tickets;

SELECT name FROM users WHERE user_id = 1 UNION SELECT name FROM users WHERE user_id = 2 UNION SELECT name FROM users WHERE user_id = 3 UNION SELECT name FROM users WHERE user_id = 4;

SELECT GROUP_CONCAT(name) FROM users;

SELECT SQL_CALC_FOUND_ROWS name FROM users LIMIT 1;


UPDATE users SET level = 9 LIMIT 2;

DELETE FROM users ORDER BY user_id LIMIT 1;

INSERT INTO users (user_id, name) SELECT user_id + 100000, name FROM users;

UPDATE users SET user_id = 5001 WHERE user_id = 1;

-- own rows
INSERT INTO users (user_id, name) VALUES (2000 + FLOOR(RAND() * 1000), 'x');

SET @n = 0;
SELECT @n := @n + 1, name FROM users;

-- about: The session goes on after a refusal.
-- only: MariaDB
-- refused: 1235 RETURNING
INSERT IGNORE INTO users (user_id, name) VALUES (700, 'a'), (701, 'b'), (702, 'c'), (703, 'd') RETURNING user_id;
SELECT STD(level) FROM users;
SELECT name FROM users WHERE user_id = 1;
