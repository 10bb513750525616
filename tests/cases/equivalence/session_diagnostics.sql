-- about: statements that ask about the statement before leave what it said as it was.
-- error-only
SELECT nope FROM users;
SHOW ERRORS;
SHOW COUNT(*) ERRORS;
SHOW COUNT(*) WARNINGS;
-- ignore: message
SHOW ERRORS LIMIT 1;

SELECT 1 / 0 FROM users WHERE user_id = 1;
SHOW COUNT(*) WARNINGS;
SHOW ERRORS;
SHOW WARNINGS LIMIT 1;

-- about: kept by the connection that ran the statement before, which may be anybody's.
-- refused: 1235 GET DIAGNOSTICS
GET DIAGNOSTICS @n = NUMBER;

SET SESSION wait_timeout = 100;
SELECT @@wait_timeout;
SELECT @@session.wait_timeout + 1 AS more;
SELECT @@wait_timeout, user_id FROM users WHERE user_id = 1;

-- about: functions about the statement before, and what they leave of its messages
INSERT INTO users (user_id, name) VALUES (1, 'there');
SELECT ROW_COUNT();
SHOW COUNT(*) ERRORS;
SHOW ERRORS;

SELECT 1 / 0 FROM users WHERE user_id IN (1, 2, 3);
SELECT DATABASE();
SHOW COUNT(*) WARNINGS;

-- unordered
SELECT user_id FROM users WHERE user_id IN (1, 2, 3);
SELECT FOUND_ROWS();
SHOW WARNINGS;

-- about: what SET warns of
SET SESSION sort_buffer_size = 1;
SHOW WARNINGS;
SET group_concat_max_len = 1, sort_buffer_size = 1, @a = 1 / 0;
SHOW WARNINGS;
SET @a = 2;
SHOW WARNINGS;
SET sort_buffer_size = DEFAULT;
SHOW WARNINGS;
SET @b = (SELECT MAX(code) FROM countries);
SHOW WARNINGS;

-- about: and of modes and character sets
-- only: MySQL
SET sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE';
SHOW WARNINGS;
SET sql_mode = 'NO_ZERO_DATE';
SHOW WARNINGS;
SET NAMES utf8;
SHOW WARNINGS;
