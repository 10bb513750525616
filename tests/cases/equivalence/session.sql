-- about: What a session knows of itself.
SELECT DATABASE();

SELECT SCHEMA();

select database();

SELECT DATABASE() AS db, 1;

SELECT CONNECTION_ID() > 0;

SELECT CURRENT_USER();

SELECT VERSION();

SELECT @@version_comment LIMIT 1;

SELECT @@autocommit;

SELECT @@session.autocommit, @@global.autocommit;

SELECT @@sql_mode;

SELECT @@character_set_client, @@character_set_connection, @@character_set_results, @@collation_connection;

SELECT @@max_allowed_packet;

SELECT @@tx_isolation;

SELECT @@time_zone, @@system_time_zone = '';

SELECT @@lower_case_table_names, @@wait_timeout, @@interactive_timeout, @@net_write_timeout;

SHOW VARIABLES LIKE 'sql_mode';

SHOW SESSION VARIABLES LIKE 'autocommit';

SHOW VARIABLES WHERE Variable_name = 'character_set_client';

SET NAMES utf8mb4;
SELECT name FROM users WHERE user_id = 4;

SET NAMES latin1;
SELECT @@character_set_client, @@character_set_results;
SELECT name FROM users WHERE user_id = 2;

SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_ci';
SELECT @@collation_connection;
SELECT 'a' = 'A', 'ß' = 'ss';

SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SELECT 'a' = 'A';

SET CHARACTER SET utf8mb4;
SELECT @@character_set_client, @@character_set_results;

SET NAMES nosuchcharset;

SET NAMES binary;
SELECT name FROM users WHERE user_id = 4;

SET sql_mode = 'ANSI_QUOTES';
SELECT "name" FROM "users" WHERE "user_id" = 3;
SELECT @@sql_mode;

SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SELECT 'a\', 'b';
SELECT * FROM logins WHERE login = 'back\slash';

SET sql_mode = 'PIPES_AS_CONCAT';
SELECT 'a' || 'b';
SELECT name FROM users WHERE user_id = '4' || '2';

SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');
SELECT name AS "x y" FROM "users" WHERE user_id = 3;

SET @@sql_mode = '';
SELECT @@sql_mode;

SET @@session.sql_mode = DEFAULT;
SELECT @@sql_mode;

SET sql_mode = 'NO_SUCH_MODE';

SET time_zone = '+05:00';
SELECT seen_at FROM users WHERE user_id = 1;
SELECT @@time_zone;

SET SESSION group_concat_max_len = 5;
SELECT GROUP_CONCAT(title) FROM products WHERE product_id < 4;

SET @a = 1;
SELECT @a, @a + 1;

SET @a = 1, @b = 'text', @c = NULL;
-- about: A variable that was never set has another length than one that is NULL.
-- ignore: length
SELECT @a, @b, @c, @nothing;

SET @id = 3;
SELECT name FROM users WHERE user_id = 3 AND user_id = @id;

SELECT @x := 5;
SELECT @x;

SELECT name INTO @n FROM users WHERE user_id = 3;
SELECT @n;

SELECT LAST_INSERT_ID();

SELECT LAST_INSERT_ID(77);
SELECT LAST_INSERT_ID();

INSERT INTO settings (name) VALUES ('li');
SELECT LAST_INSERT_ID() = (SELECT MAX(id) FROM settings);
SELECT LAST_INSERT_ID() > 0;
SELECT name FROM users WHERE user_id = 1;
SELECT LAST_INSERT_ID() > 0;

INSERT INTO users (user_id, name) VALUES (900, 'x');
SELECT LAST_INSERT_ID();

SELECT ROW_COUNT();

UPDATE users SET level = 50 WHERE user_id = 1;
SELECT ROW_COUNT();
SELECT ROW_COUNT();

SELECT name FROM users WHERE user_id = 1;
SELECT FOUND_ROWS();

SELECT name FROM users WHERE user_id = 1 AND 1 = 0;
SELECT FOUND_ROWS();

SELECT SQL_CALC_FOUND_ROWS order_id FROM orders WHERE user_id = 8 ORDER BY order_id LIMIT 1;
SELECT FOUND_ROWS();

-- about: The values are written into the statement, as sums that are narrower than the functions' results.
-- ignore: length
SELECT FOUND_ROWS(), ROW_COUNT(), LAST_INSERT_ID();

USE shop;
SELECT DATABASE();
SELECT name FROM users WHERE user_id = 1;

USE `shop`;

SHOW WARNINGS;

SELECT CAST('x' AS SIGNED), CAST('y' AS SIGNED);
SHOW WARNINGS LIMIT 1;
SHOW WARNINGS;

SELECT CAST('x' AS SIGNED);
SELECT 1;
SHOW WARNINGS;

SHOW COUNT(*) ERRORS;

-- about: The column is called by the physical schema.
-- ignore: name, org_name
SHOW TABLES LIKE 'nothing%';

-- about: State that pins, and goes with its session.
CREATE TEMPORARY TABLE tmp (a INT);
INSERT INTO tmp VALUES (1), (2);
SELECT SUM(a) FROM tmp;
DROP TEMPORARY TABLE tmp;

SELECT GET_LOCK('equivalence', 1);
SELECT IS_FREE_LOCK('equivalence');
SELECT RELEASE_LOCK('equivalence');
SELECT IS_FREE_LOCK('equivalence');

LOCK TABLES settings READ;
SELECT COUNT(*) FROM settings;
UNLOCK TABLES;

PREPARE s FROM 'SELECT name FROM users WHERE user_id = 3';
EXECUTE s;
DEALLOCATE PREPARE s;
EXECUTE s;

SET autocommit = 1;

SET autocommit = ON;
SELECT @@autocommit;

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT @@tx_isolation;

SET @@session.tx_isolation = 'SERIALIZABLE';
SELECT @@tx_isolation;

-- ignore: message
SELECT 1; SELECT 2; SELECT name FROM users WHERE user_id = 1;

-- ignore: message
SELECT 1; SELEC 2; SELECT 3;

SELECT 1;

-- about: What one session sets is gone for the next, whichever backend connection that gets.
SET SESSION TRANSACTION READ ONLY;

UPDATE users SET level = 60 WHERE user_id = 1;
SELECT @@tx_read_only, @@autocommit, @@sql_mode, @@tx_isolation, @@time_zone, @@group_concat_max_len;

SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;

BEGIN;
SELECT name FROM users WHERE user_id = 1;
COMMIT;

SET @leak = 1, autocommit = 0, sql_mode = 'ANSI_QUOTES', time_zone = '+01:00', sql_select_limit = 1;

SELECT @leak, @@autocommit, @@sql_mode, @@time_zone, @@sql_select_limit;
-- unordered
SELECT user_id FROM users;

CREATE TEMPORARY TABLE leaked (a INT);

SELECT * FROM countries WHERE code = 'DE';
SELECT * FROM leaked;

BEGIN;
UPDATE users SET level = 61 WHERE user_id = 1;

SELECT level FROM users WHERE user_id = 1;
UPDATE users SET level = 62 WHERE user_id = 1;

SELECT GET_LOCK('leaked', 5);

SELECT GET_LOCK('leaked', 5);

-- about: Limits that a session sets hold for results that come from several shards too, or are refused.
SET sql_select_limit = 2;
SELECT code FROM countries ORDER BY code;

SET sql_safe_updates = 1;
UPDATE users SET level = 70;
UPDATE users SET level = 70 WHERE user_id = 1;

SET max_statement_time = 5;
SELECT name FROM users WHERE user_id = 1;

-- refused: 1235 global
SET @@global.nosuch = 1;

SET SESSION character_set_results = NULL;
SELECT name FROM users WHERE user_id = 2;

SET collation_connection = utf8mb4_bin;
SELECT 'a' = 'A';
SELECT name FROM users WHERE user_id = 8 AND name = 'ADA';

SET lc_time_names = 'de_DE';
SELECT DAYNAME('2024-01-01'), MONTHNAME('2024-03-01');

SET div_precision_increment = 8;
SELECT 1 / 3;

SET @@session.sql_mode = 'NO_ZERO_DATE,STRICT_TRANS_TABLES', @x = @@sql_mode;
SELECT @x = @@sql_mode, @@sql_mode;

SET @n = (SELECT COUNT(*) FROM countries);
SELECT @n;

SET timestamp = 1700000000;
SELECT NOW(), UNIX_TIMESTAMP();

-- refused: 1235 insert_id
SET insert_id = 500;

SET sql_auto_is_null = 0;
SET @a = 1, @@session.sql_auto_is_null = OFF;
SET SESSION sql_auto_is_null = DEFAULT;
-- refused: 1235 sql_auto_is_null
SET sql_auto_is_null = 1;
-- refused: 1235 sql_auto_is_null
SET @b = 1, SESSION sql_auto_is_null = @a + 0;
SELECT @@sql_auto_is_null, @b;

SET rand_seed1 = 5, rand_seed2 = 6;
SELECT RAND() < 1;

SELECT @@identity, @@last_insert_id;

SET foreign_key_checks = 0, unique_checks = 0;
SELECT @@foreign_key_checks, @@unique_checks;

-- about: KILL of a session that is computed
KILL QUERY 99999990 + 9;
KILL QUERY '99999999';
KILL NULL;
KILL -1;
SET @id = 99999998.6;
KILL QUERY @id;
KILL (IF(1, 99999999, 3));
KILL QUERY CONNECTION_ID();

-- refused: 1235 KILL with a subquery
KILL QUERY (SELECT 1);

-- about: Character sets whose letters are not ASCII's bytes.
-- refused: 1235 answers in a character set in which not even names of columns are ASCII
SET character_set_results = utf16;
-- refused: 1235 answers in a character set in which not even names of columns are ASCII
SET SESSION character_set_results = 'ucs2', sql_mode = '';
SELECT 'ä';

-- about: SET with parameters
-- prepared
-- params: 5
SET @q = ?;
SELECT @q, @q + 1;
-- prepared
-- params: 'it''s', 2
SET @q = ?, @r = ? + 1;
SELECT @q, @r;
-- prepared
-- params: '+02:00'
SET time_zone = ?;
SELECT @@time_zone;
-- prepared
-- params: 'ANSI_QUOTES,STRICT_ALL_TABLES'
SET SESSION sql_mode = ?;
SELECT @@sql_mode;
-- prepared
-- params: 'é'
SET @t = CONCAT(?, 'x');
SELECT @t, COLLATION(@t);
-- prepared
-- params: 0, x'00ff', 1.50, 1e0, -7
SET @a = ?, @b = ?, @c = ?, @d = ?, @e = ?;
SELECT @a, HEX(@b), @c, @d, @e;

-- about: a server judges SET before anything is committed by it
BEGIN;
INSERT INTO tickets VALUES (70001, 'a', 1);
SET @off = 0, autocommit = 0;
ROLLBACK;
INSERT INTO tickets VALUES (70002, 'b', 1);
SET autocommit = @off;
SET autocommit = 'OFF';
SET autocommit = @@autocommit;
SET autocommit = 2;
SET autocommit = NULL;
SET autocommit = 1, time_zone = 'nowhere';
SET autocommit = 1, @a = (SELECT code FROM countries);
ROLLBACK;
SELECT COUNT(*), @@autocommit FROM tickets WHERE ticket_id BETWEEN 70000 AND 70009;
INSERT INTO tickets VALUES (70003, 'c', 1);
SET @was = @@autocommit, autocommit = 'ON';
ROLLBACK;
SELECT ticket_id, @was, @@autocommit FROM tickets WHERE ticket_id BETWEEN 70000 AND 70009;

-- about: a SET that fails keeps what it assigned before, for this session alone
SET @one := (@two := 5), time_zone = 'nowhere';
SELECT user_id, @one, @two FROM users WHERE user_id = 3;
SELECT user_id, @one, @two FROM users WHERE user_id = 4;
SET @one := (@two := 7);
SELECT user_id, @one, @two FROM users WHERE user_id = 3;
SELECT user_id, @one, @two FROM users WHERE user_id = 4;
SET SESSION foreign_key_checks = (@three := 0);
SELECT user_id, @three, @@foreign_key_checks FROM users WHERE user_id = 5;
-- refused: 1235 assigning user variables in a statement of this kind
SHOW TABLES WHERE (@four := 3);
-- refused: 1235 assigning user variables in a statement of this kind
KILL (@four := 99999999);

SET NAMES latin1;
-- refused: 1235 statements in the character set swe7
SET NAMES swe7;
-- refused: 1235 statements in the character set swe7
SET character_set_client = 'swe7';
SELECT @@character_set_client;
