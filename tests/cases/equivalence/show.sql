-- about: what SHOW tells of databases and tables: as if all were on one server

-- about: lists of tables
SHOW TABLES;
SHOW FULL TABLES;
SHOW TABLES FROM shop;
SHOW TABLES IN `shop`;
SHOW FULL TABLES FROM shop;
SHOW TABLES LIKE 'o%';
SHOW TABLES LIKE 'order\_items';
SHOW TABLES LIKE 'ORDERS';
SHOW TABLES LIKE '%_0';
SHOW FULL TABLES FROM shop LIKE '%s';
SHOW FULL TABLES WHERE Table_type = 'BASE TABLE';
SHOW TABLES WHERE Tables_in_shop = 'ORDERS';
SHOW TABLES WHERE Tables_in_shop LIKE 'o%' OR `Tables_in_shop` = 'users';
SHOW FULL TABLES FROM `shop` WHERE TABLE_TYPE LIKE 'BASE TABLE' AND Tables_in_shop <> DATABASE();
SHOW TABLES WHERE nothing = 1;
-- error-only
SHOW TABLES FROM nowhere;
SHOW TABLES FROM mysql;

-- about: as prepared statements
-- prepared
SHOW TABLES;
-- prepared
SHOW FULL TABLES LIKE 'o%';
-- prepared
-- ignore: rows
SHOW INDEX FROM order_items;
-- prepared
-- ignore: rows
SHOW TABLE STATUS LIKE 'users';

-- about: one table
SHOW COLUMNS FROM users;
SHOW FULL COLUMNS FROM orders;
SHOW COLUMNS FROM orders FROM shop LIKE 'o%';
SHOW COLUMNS FROM shop.countries WHERE Field = 'code';
SHOW FIELDS IN tickets IN shop;
DESCRIBE users;
DESC shop.orders;
DESC orders 'o%';
EXPLAIN logins;
SHOW COLUMNS FROM nowhere;
-- error-only
SHOW COLUMNS FROM orders FROM nowhere;

-- ignore: rows
SHOW INDEX FROM orders;
-- ignore: rows
SHOW INDEXES FROM users FROM shop;
-- ignore: rows
SHOW KEYS IN shop.settings;
-- ignore: rows
SHOW INDEX FROM order_items WHERE Key_name = 'PRIMARY' AND Seq_in_index = 2;
SHOW INDEX FROM users WHERE `Table` = 'nothing';
SHOW INDEX FROM nowhere;

SHOW CREATE TABLE users;
SHOW CREATE TABLE shop.orders;
SHOW CREATE TABLE countries;
SHOW CREATE TABLE settings;
SHOW CREATE TABLE nowhere;
-- error-only
SHOW CREATE TABLE nowhere.users;
SHOW CREATE VIEW users;

-- ignore: rows
SHOW TABLE STATUS LIKE 'orders';
-- ignore: rows
SHOW TABLE STATUS FROM shop WHERE Name = 'users';
SHOW TABLE STATUS WHERE Name LIKE 'shop%';
SHOW TABLE STATUS WHERE Engine IS NULL;

-- about: databases
-- about: MySQL shows one more to everybody
SHOW SCHEMAS WHERE `Database` <> 'performance_schema';
SHOW DATABASES LIKE 'sh%';
SHOW DATABASES LIKE 'SHOP';
SHOW DATABASES WHERE `Database` LIKE 'SH%';
SHOW DATABASES WHERE `Database` = 'nothing';
SHOW CREATE DATABASE shop;
SHOW CREATE SCHEMA shop;
SHOW CREATE SCHEMA IF NOT EXISTS shop;
-- error-only
SHOW CREATE DATABASE nowhere;

-- about: things that are not there
SHOW TRIGGERS;
SHOW TRIGGERS FROM shop LIKE 'users';
SHOW EVENTS;
SHOW EVENTS FROM shop LIKE 'x%';
SHOW PROCEDURE STATUS WHERE Db = 'shop';
SHOW FUNCTION STATUS WHERE Db = DATABASE();
SHOW PROCEDURE STATUS LIKE 'nothing';
SHOW CREATE TRIGGER nowhere;
SHOW CREATE PROCEDURE nowhere;
SHOW CREATE FUNCTION nowhere;
SHOW OPEN TABLES WHERE In_use > 100;

-- about: the server's own schema
SHOW CREATE TABLE information_schema.collations;
SHOW COLUMNS FROM information_schema.engines;
SHOW TABLES FROM information_schema LIKE 'COL%';

USE information_schema;
SHOW TABLES LIKE 'ENGINES';
SHOW TABLES FROM shop LIKE 'o%';
USE shop;
SHOW TABLES LIKE 'o%';

-- about: what concerns no table
SHOW ENGINES;
SHOW COLLATION LIKE 'utf8mb4_general_ci';
SHOW CHARACTER SET LIKE 'utf8%';
SHOW CHARSET WHERE Charset = 'ascii';
SHOW PRIVILEGES;
SHOW PLUGINS;
-- ignore: rows
SHOW STATUS LIKE 'Threads_connected';
SHOW VARIABLES LIKE 'version';
-- ignore on MySQL: warnings
-- ignore: rows
SHOW PROCESSLIST;
-- ignore on MySQL: warnings
-- ignore: rows
SHOW FULL PROCESSLIST;
-- ignore: rows
SHOW GRANTS;
-- ignore: rows
SHOW GRANTS FOR CURRENT_USER;

-- about: temporary tables are shown as they are
CREATE TEMPORARY TABLE mine (a INT NOT NULL PRIMARY KEY);
SHOW CREATE TABLE mine;
SHOW COLUMNS FROM mine;
SHOW INDEX FROM mine;
SHOW TABLES LIKE 'mine';
DROP TEMPORARY TABLE mine;

-- about: variables are the session's
SET wait_timeout = 123, sql_mode = 'ANSI_QUOTES', lock_wait_timeout = 77;
SHOW VARIABLES LIKE 'wait_timeout';
SHOW SESSION VARIABLES LIKE 'lock_wait%';
SHOW LOCAL VARIABLES WHERE Variable_name = 'sql_mode';
SHOW VARIABLES WHERE Variable_name IN ('autocommit', 'lock_wait_timeout') OR Value = 'nothing';
SET autocommit = 0;
SHOW VARIABLES LIKE 'autocommit';
SET autocommit = 1, last_insert_id = 42;
SHOW VARIABLES LIKE 'last_insert_id';
SHOW VARIABLES LIKE nothing;
SHOW TABLES LIKE 'o%';
SHOW CREATE TABLE "settings";
