-- about: sql_select_limit and what is put together of several shards.
SET sql_select_limit = 3;
SHOW TABLES LIKE 'o%';
SHOW TABLES;
SHOW FULL TABLES;
SHOW TABLES WHERE 1;
-- ignore: rows
SHOW TABLE STATUS LIKE 'u%';
SHOW COLUMNS FROM users;
SHOW COLUMNS FROM users WHERE 1;
SHOW DATABASES LIKE 's%';
SHOW CREATE TABLE users;
SHOW VARIABLES LIKE 'sql_s%';
SHOW VARIABLES LIKE 'sql_%';
SHOW TRIGGERS;
SHOW CHARACTER SET;
DESCRIBE users;
SHOW TABLES FROM information_schema;
SHOW COLUMNS FROM information_schema.TABLES;
SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'users';
SET sql_select_limit = 0;
SHOW TABLES LIKE 'o%';
SHOW DATABASES;

-- about: What is wrong with a text is told as the shards call its tables, also where the session's own limit counts the rows.
SET sql_select_limit = 5;
SELECT nope FROM users;
SELECT user_id FROM users WHERE nope = 1 AND user_id IN (1, 2, 3);
SELECT name, COUNT(*) FROM users GROUP BY user_id, nope;
