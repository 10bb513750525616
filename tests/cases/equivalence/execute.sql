-- about: Columns of a statement that was prepared as text are called as they were prepared.
SET @four = 4, @text = 'abc', @unset = NULL;
PREPARE s FROM 'SELECT MAX(order_id) + ?, COUNT(*) * ? AS n FROM orders';
-- ignore: length, flags
EXECUTE s USING @four, @four;
PREPARE s FROM 'SELECT user_id + ?, ? AS x,  CONCAT( ?, name ) FROM users WHERE user_id = 3';
-- ignore: length, type, flags
EXECUTE s USING @four, @four, @text;
PREPARE s FROM 'SELECT user_id, ?, CONCAT(`name`, ?) FROM users WHERE user_id > 0 ORDER BY user_id LIMIT 3';
-- ignore: length, type, flags
EXECUTE s USING @four, @text;
PREPARE s FROM 'SELECT EXISTS(SELECT 1 FROM orders WHERE order_id = ?), ''?''';
EXECUTE s USING @four;
PREPARE s FROM 'SELECT c.user_id + ?, e.user_id FROM users c JOIN users e ON e.user_id = c.user_id + ? ORDER BY c.user_id LIMIT 2';
-- ignore: length, flags
EXECUTE s USING @four, @four;
PREPARE s FROM 'SELECT ?, user_id FROM users WHERE user_id = 3 UNION SELECT 2, ? FROM users ORDER BY 2';
-- ignore: length, type, flags
EXECUTE s USING @four, @four;
PREPARE s FROM 'SELECT ?';
-- ignore: length, type, flags
EXECUTE s USING @four;
PREPARE s FROM 'SELECT q.* FROM (SELECT level + ? FROM users) q ORDER BY 1 LIMIT 2';
-- ignore: length, type, flags
EXECUTE s USING @four;
PREPARE s FROM 'WITH q AS (SELECT level l, COUNT(*) + ? FROM users GROUP BY level) SELECT q.* FROM q ORDER BY l';
-- ignore: length, type, flags
EXECUTE s USING @four;

-- about: Whether a marker of ORDER BY stands for a place in the select list.
SET @one = 1, @two = 2;
PREPARE s FROM 'SELECT user_id, name FROM users ORDER BY ? DESC, user_id LIMIT 3';
EXECUTE s USING @one;
PREPARE s FROM 'SELECT user_id, name FROM users ORDER BY ? DESC, user_id LIMIT 3';
EXECUTE s USING @two;
PREPARE s FROM 'SELECT level, COUNT(*) FROM users GROUP BY level, ? ORDER BY ?, level';
EXECUTE s USING @one, @two;

-- about: EXECUTE IMMEDIATE is MariaDB's, and so are values that are no variables.
-- only: MySQL
PREPARE s FROM 'SELECT ?';
EXECUTE s USING 5;
EXECUTE s USING 'x';
EXECUTE IMMEDIATE 'SELECT 1';
EXECUTE IMMEDIATE 'SELECT ?' USING @one;
EXECUTE IMMEDIATE;

-- only: MariaDB
-- ignore: length, flags
EXECUTE IMMEDIATE 'SELECT user_id + ?  FROM users ORDER BY user_id LIMIT 2' USING 5;

-- about: The same of the protocol's own prepared statements.
-- prepared
-- ignore: length
-- params: 4, 4
SELECT MAX(order_id) + ?, COUNT(*) * ? FROM orders;
-- prepared
-- params: 4
SELECT EXISTS(SELECT 1 FROM orders WHERE order_id = ?);
-- prepared
-- params: 4, 'abc'
SELECT user_id, ?, CONCAT(name, ?) FROM users WHERE user_id > 0 ORDER BY user_id LIMIT 3;
-- prepared
-- params: 4, 4
SELECT c.user_id + ?, e.user_id FROM users c JOIN users e ON e.user_id = c.user_id + ? ORDER BY c.user_id LIMIT 2;
-- prepared
-- params: 1
SELECT q.* FROM (SELECT level + ? FROM users) q ORDER BY 1 LIMIT 2;

-- about: a text that would be read otherwise now is prepared again
SET sql_mode = 'ANSI_QUOTES';
PREPARE p FROM 'SELECT "name" FROM users WHERE user_id = 3';
PREPARE q FROM 'SELECT name FROM users WHERE user_id = 3';
EXECUTE p;
SET sql_mode = '';
-- refused: 1235 prepare it again
EXECUTE p;
EXECUTE q;
SET sql_mode = 'ANSI_QUOTES';
EXECUTE p;
SET sql_mode = 'PIPES_AS_CONCAT';
PREPARE p FROM 'SELECT user_id || name FROM users WHERE user_id = 3';
EXECUTE p;
SET sql_mode = '';
-- refused: 1235 prepare it again
EXECUTE p;
PREPARE p FROM 'SELECT ''ä''';
EXECUTE p;
SET NAMES latin1;
-- refused: 1235 prepare it again
EXECUTE p;
SET NAMES utf8mb4;
EXECUTE p;

-- about: a parameter has the collation of what it is compared with
INSERT INTO logins VALUES ('abc', 51), ('ABC', 52), ('a''b\\c', 53);
SET @a = 'ABC', @b = 'abc', @c = 'a''b\\c';
PREPARE p FROM 'SELECT * FROM logins WHERE login = ? OR login IN (?, ?) ORDER BY attempts';
EXECUTE p USING @a, @a, @a;
EXECUTE p USING @b, @c, @b;
SET @d = 'abc' COLLATE utf8mb4_bin, @e = _latin1'abc';
PREPARE p FROM 'UPDATE logins SET attempts = attempts + 10 WHERE login = ?';
EXECUTE p USING @a;
EXECUTE p USING @d;
EXECUTE p USING @e;
SELECT * FROM logins WHERE attempts > 50 ORDER BY attempts;
PREPARE p FROM 'DELETE FROM logins WHERE login = ? ORDER BY attempts LIMIT 1';
EXECUTE p USING @a;
EXECUTE p USING @c;
SELECT login FROM logins WHERE attempts > 50;
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
SET @a = 'chlo', @b = 'Ö';
PREPARE p FROM 'SELECT name, name LIKE CONCAT(?, ''%''), name LIKE CONCAT(''%'', ?, ''%'') FROM users ORDER BY user_id';
EXECUTE p USING @a, @b;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SET @c = 'a''b\c';
PREPARE p FROM 'SELECT name FROM users WHERE user_id = LENGTH(?) AND LOCATE(?, ''a''''b\c'') = 1';
EXECUTE p USING @c, @c;
