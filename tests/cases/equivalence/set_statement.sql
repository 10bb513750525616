-- about: variables for one statement
-- only: MariaDB
SET STATEMENT max_statement_time = 10 FOR SELECT COUNT(*) FROM users;
SET STATEMENT max_statement_time = 10 FOR SELECT name FROM users WHERE user_id = 3;
SELECT @@max_statement_time;
SET STATEMENT max_statement_time = 10 FOR SELECT @@max_statement_time, user_id FROM users WHERE user_id = 3;
SET STATEMENT group_concat_max_len = 4 FOR SELECT country_code, GROUP_CONCAT(name ORDER BY name) FROM users GROUP BY country_code ORDER BY country_code;
SELECT @@group_concat_max_len;
SET STATEMENT sql_mode = '', sort_buffer_size = 100000 FOR SELECT '\n', @@sql_mode, @@sort_buffer_size;
SET STATEMENT sql_mode = '' FOR UPDATE users SET level = 900 WHERE user_id IN (1, 2);
-- refused: 1235 how a text is read
SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT "name" FROM users WHERE user_id = 1;
SELECT 'a\nb', @@sort_buffer_size > 100000;
SET @n = 3;
SET STATEMENT max_statement_time = @n + 1 FOR SELECT @@max_statement_time, COUNT(*) FROM users;
SET @n = 5;
SET STATEMENT max_statement_time = @n + 1 FOR SELECT @@max_statement_time, COUNT(*) FROM users;
SET STATEMENT max_statement_time = 10 FOR UPDATE users SET level = 9 WHERE user_id IN (1, 2, 3);
SET STATEMENT max_statement_time = 10 FOR DELETE FROM tickets ORDER BY ticket_id LIMIT 1;
SELECT user_id, level FROM users WHERE user_id IN (1, 2, 3) ORDER BY user_id;

-- about: what is wrong in them
-- only: MariaDB
-- text
SET STATEMENT autocommit = 0 FOR SELECT 1;
-- text
SET STATEMENT nothing = 0 FOR SELECT 1;
-- text
-- refused: 1235 sql_auto_is_null
SET STATEMENT sql_auto_is_null = 1 FOR SELECT 1;
-- text
SET STATEMENT max_statement_time = 1 FOR SELECT nothing FROM users;
-- text
SET STATEMENT max_statement_time = 'x' FOR SELECT 1;
SELECT @@max_statement_time;

-- about: in a transaction
-- only: MariaDB
BEGIN;
SET STATEMENT max_statement_time = 10 FOR UPDATE users SET level = 9 WHERE user_id = 1;
SET STATEMENT max_statement_time = 10 FOR UPDATE users SET level = 9 WHERE user_id IN (1, 2, 3, 4);
SET STATEMENT max_statement_time = 10 FOR SELECT level FROM users WHERE user_id = 1;
SELECT SUM(level) FROM users;
ROLLBACK;
SELECT SUM(level) FROM users;

-- about: prepared by name, and with parameters
-- only: MariaDB
PREPARE timed FROM 'SET STATEMENT max_statement_time = 10 FOR SELECT @@max_statement_time, name FROM users WHERE user_id = ?';
SET @id = 2;
EXECUTE timed USING @id;
SELECT @@max_statement_time;

-- about: NULL is the type's default where it is for one of several rows.
-- only: MariaDB
-- natural key
SET STATEMENT sql_mode = '' FOR INSERT INTO tickets (ticket_id, title) VALUES (9101, NULL), (9102, 'x');
SHOW WARNINGS;
DELETE FROM tickets WHERE ticket_id BETWEEN 9100 AND 9199 AND title = '';
DELETE FROM tickets WHERE ticket_id BETWEEN 9100 AND 9199;
