-- about: Reference tables (a copy on every shard) and tables that live on one shard.
SELECT * FROM countries WHERE code = 'JP';

SELECT * FROM countries ORDER BY code;

-- unordered
SELECT * FROM countries;

SELECT COUNT(*), MIN(name), MAX(name) FROM countries;

SELECT LENGTH(name) AS l, COUNT(*) FROM countries GROUP BY l HAVING COUNT(*) >= 1 ORDER BY l DESC;

SELECT title FROM products WHERE price > 10 ORDER BY price LIMIT 2;

SELECT DISTINCT price > 10 AS dear FROM products ORDER BY dear;

SELECT GROUP_CONCAT(title ORDER BY product_id SEPARATOR '|') FROM products;

SELECT name FROM countries UNION SELECT title FROM products ORDER BY 1;

SELECT * FROM products WHERE product_id IN (SELECT product_id FROM products WHERE price = 0);

SELECT SQL_CALC_FOUND_ROWS code FROM countries ORDER BY code LIMIT 2;
SELECT FOUND_ROWS();

SELECT * FROM settings ORDER BY id;

SELECT value FROM settings WHERE name = 'motto';

SELECT s.value, c.name FROM settings s JOIN countries c ON c.code = 'DE' WHERE s.id = 1;

SELECT COUNT(value), COUNT(*) FROM settings;

-- params: 'theme'
SELECT * FROM settings WHERE name = ?;

INSERT INTO settings (name, value) VALUES ('colour', 'blue');
SELECT LAST_INSERT_ID() > 5;
SELECT name, value FROM settings WHERE id = LAST_INSERT_ID();

INSERT INTO settings (name, value) VALUES ('one', '1'), ('two', '2');
SELECT ROW_COUNT();
SELECT COUNT(*) FROM settings WHERE name IN ('one', 'two');

UPDATE settings SET value = 'light' WHERE name = 'theme';
SELECT ROW_COUNT();
SELECT value FROM settings WHERE name = 'theme';

UPDATE settings SET value = 'dark' WHERE name = 'theme';

DELETE FROM settings WHERE value IS NULL;
SELECT COUNT(*) FROM settings;

REPLACE INTO settings (id, name, value) VALUES (1, 'theme', 'light');
SELECT * FROM settings WHERE id = 1;

INSERT INTO settings (id, name) VALUES (1, 'again') ON DUPLICATE KEY UPDATE value = CONCAT(value, '+');
SELECT * FROM settings WHERE id = 1;

INSERT IGNORE INTO settings (id, name) VALUES (1, 'again');
SHOW WARNINGS;

INSERT INTO countries VALUES ('IT', 'Italia');
SELECT * FROM countries WHERE code = 'IT';
SELECT u.name, c.name FROM users u JOIN countries c ON c.code = 'IT' WHERE u.user_id = 1;
SELECT u.name, c.name FROM users u JOIN countries c ON c.code = 'IT' WHERE u.user_id = 4;

UPDATE countries SET name = 'Germany' WHERE code = 'DE';
SELECT * FROM countries WHERE code = 'DE';

DELETE FROM countries WHERE code IN ('DE', 'FR');
SELECT COUNT(*) FROM countries;

INSERT INTO countries VALUES ('JP', 'again');

-- about: Server and session matters that name no table.
SELECT 1;

SELECT 1 + 1 AS two, 'text' AS t, NULL AS n, 1.50 AS d, 1e3 AS e;

SELECT 1 FROM DUAL;

SELECT 1 WHERE 1 = 0;

SELECT DATE('2024-02-29') + INTERVAL 1 DAY, CAST('2024-01-01 10:00:00' AS DATETIME), TIME('12:30:00');

SELECT UPPER('straße'), LENGTH('日本'), CHAR_LENGTH('日本'), HEX('é');

SELECT MD5('x'), SHA1('x'), CONV('ff', 16, 10), INET_ATON('10.0.0.1');

SELECT JSON_EXTRACT('{"a": [1, 2]}', '$.a[1]'), JSON_OBJECT('k', 1);

SELECT 1 UNION SELECT 2 UNION ALL SELECT 2 ORDER BY 1;

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT SUM(i) FROM n;

DO 1;

-- about: A table made and dropped on the default shard.
CREATE TABLE scratch (a INT PRIMARY KEY, b VARCHAR(10));
INSERT INTO scratch VALUES (1, 'x'), (2, 'y');
SELECT * FROM scratch ORDER BY a;
ALTER TABLE scratch ADD COLUMN c INT DEFAULT 7;
SELECT * FROM scratch ORDER BY a;
TRUNCATE TABLE scratch;
SELECT COUNT(*) FROM scratch;
DROP TABLE scratch;
SELECT * FROM scratch;

SHOW COLUMNS FROM settings;

DESCRIBE settings;

DESC settings name;

-- about: HANDLER reads the copy that is at hand
HANDLER countries OPEN;
HANDLER countries READ `PRIMARY` FIRST;
HANDLER countries READ `PRIMARY` NEXT;
HANDLER countries READ `PRIMARY` = ('JP');
HANDLER countries CLOSE;
HANDLER countries OPEN AS c;
HANDLER c READ `PRIMARY` LAST;
HANDLER c CLOSE;
HANDLER c READ NEXT;
