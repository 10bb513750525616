-- about: A table of all shards is altered everywhere, and the next statement knows.
ALTER TABLE tickets ADD COLUMN extra INT NOT NULL DEFAULT 5 AFTER ticket_id, ADD KEY by_extra (extra);
SELECT COUNT(*), SUM(extra) FROM tickets;
INSERT INTO tickets VALUES (9001, 6, 'nine', 1), (9002, 7, 'ten', 2), (9003, 8, 'eleven', 3);
-- unordered
-- ignore: status
SELECT * FROM tickets WHERE ticket_id > 9000;
SHOW COLUMNS FROM tickets;
ALTER TABLE tickets DROP COLUMN extra;
SELECT * FROM tickets WHERE ticket_id = 9001;
-- unordered
-- ignore: status
SELECT * FROM tickets WHERE ticket_id > 9000;

-- about: What a prepared statement means follows.
PREPARE s FROM 'SELECT * FROM tickets WHERE ticket_id = 2';
EXECUTE s;
ALTER TABLE tickets ADD COLUMN extra INT DEFAULT 5;
EXECUTE s;
ALTER TABLE tickets DROP COLUMN extra;
EXECUTE s;
DEALLOCATE PREPARE s;

-- about: What is wrong with it is told as by one server, and nothing is changed.
ALTER TABLE tickets ADD COLUMN title INT;
ALTER TABLE tickets DROP COLUMN nothing;
ALTER TABLE no_such_table ADD COLUMN a INT;
CREATE TABLE tickets (ticket_id INT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS tickets (ticket_id INT PRIMARY KEY);
SHOW WARNINGS;
CREATE INDEX by_title ON tickets (no_such_column);
ALTER TABLE tickets ENGINE = NoSuchEngine;
DROP INDEX nothing ON tickets;
ALTER TABLE tickets ADD COLUMN IF NOT EXISTS title INT;

-- about: Indexes.
CREATE INDEX by_weight ON tickets (weight);
CREATE INDEX by_weight ON tickets (weight);
SELECT index_name FROM information_schema.statistics WHERE table_schema = 'shop' AND table_name = 'tickets' AND index_name <> 'PRIMARY';
DROP INDEX by_weight ON tickets;
ALTER TABLE tickets ADD INDEX by_weight (weight), ADD INDEX by_both (title, weight);
ALTER TABLE tickets RENAME INDEX by_both TO by_two;
ALTER TABLE tickets DROP INDEX by_weight, DROP INDEX by_two;

-- about: A table is dropped and made again.
DROP TABLE logins;
SELECT * FROM logins WHERE login = 'x';
DROP TABLE logins;
DROP TABLE IF EXISTS logins;
SHOW WARNINGS;
CREATE TABLE logins (login VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, attempts INT NOT NULL DEFAULT 0) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE logins (login VARCHAR(40));
SELECT COUNT(*) FROM logins;
INSERT INTO logins VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4);
TRUNCATE TABLE logins;
SELECT COUNT(*) FROM logins;
INSERT INTO logins VALUES ('a', 1);
TRUNCATE logins;
DROP TABLE IF EXISTS logins;
CREATE TABLE IF NOT EXISTS logins (login VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, attempts INT NOT NULL DEFAULT 0) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- about: Foreign keys inside of a group of tables that are sharded alike, with names of their own.
-- natural key
ALTER TABLE orders ADD CONSTRAINT orders_of_users FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;
-- ignore: message
INSERT INTO orders (user_id, order_id, total) VALUES (987654, 1, 1);
ALTER TABLE orders DROP FOREIGN KEY orders_of_users;
ALTER TABLE orders DROP KEY orders_of_users;

-- about: DDL commits what is open, also where it fails.
BEGIN;
UPDATE users SET level = 21 WHERE user_id IN (1, 2, 3);
ALTER TABLE tickets ADD COLUMN title INT;
ROLLBACK;
-- unordered
SELECT level FROM users WHERE user_id IN (1, 2, 3);

-- about: A reference table.
ALTER TABLE countries ADD COLUMN continent VARCHAR(20) DEFAULT 'somewhere';
SELECT * FROM countries WHERE code = 'DE';
ALTER TABLE countries DROP COLUMN continent;

-- about: Databases are those of the rules.
CREATE DATABASE IF NOT EXISTS shop;
SHOW WARNINGS;
CREATE DATABASE shop;
DROP DATABASE IF EXISTS no_such_database;
DROP DATABASE no_such_database;

CREATE DATABASE another;

-- about: Columns and keys that are called like a physical table or schema, of this table or another.
CREATE TABLE made (id INT PRIMARY KEY, made_0 INT, made_1 VARCHAR(10) DEFAULT 'made_2', users_1 INT, KEY made_2 (made_0), UNIQUE KEY shop_0 (id, users_1), KEY shop_o1 (made_1));
SHOW CREATE TABLE made;
SHOW COLUMNS FROM made;
INSERT INTO made VALUES (1, 1, 'x', 1), (2, 2, 'y', 2), (3, 3, 'z', 3), (4, 4, 'z', 4);
INSERT INTO made VALUES (1, 1, 'x', 1);
INSERT INTO made (id, users_2) VALUES (5, 1);
UPDATE made SET made_3 = 1;
UPDATE made SET made_1 = REPEAT('x', 20) WHERE id = 1;
SELECT made.made_2 FROM made WHERE id = 1;
SELECT users_2 FROM made;
ALTER TABLE made ADD COLUMN made_0 INT;
ALTER TABLE made ADD KEY made_2 (id);
ALTER TABLE made DROP COLUMN made_3;
ALTER TABLE made DROP KEY users_2;
ALTER TABLE made ADD KEY k (users_0);
ALTER TABLE made ADD COLUMN users_0 INT NOT NULL DEFAULT 7, ADD UNIQUE KEY users_3 (id, users_0);
SHOW CREATE TABLE made;
ALTER TABLE made DROP COLUMN users_0, DROP KEY users_3, DROP KEY shop_0;
SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_name = 'made' ORDER BY ordinal_position;
-- unordered
-- ignore: status
SELECT made_0, made_1 AS made_2 FROM made;
DROP TABLE made;

-- about: A key that a server calls as a schema is called.
CREATE TABLE made (id INT PRIMARY KEY, shop INT, KEY (shop));
ALTER TABLE made ADD UNIQUE shop_2 (shop, id);
ALTER TABLE made ADD COLUMN more INT;
SHOW CREATE TABLE made;
DROP TABLE made;

-- about: Names of columns that are another only by letter case.
CREATE TABLE made (id INT PRIMARY KEY, Users INT, KEY Orders (Users));
SHOW CREATE TABLE made;
ALTER TABLE made ADD COLUMN USERS INT;
ALTER TABLE made DROP COLUMN Orders;
DROP TABLE made;

-- about: An expression of a column that is called like a table.
CREATE TABLE made (id INT PRIMARY KEY, made_0 INT, made_1 INT AS (made_0 + 1) VIRTUAL, CHECK (made_0 < 1000));
SHOW CREATE TABLE made;
SELECT column_name, generation_expression FROM information_schema.columns WHERE table_name = 'made' AND column_name = 'made_1';
SELECT check_clause FROM information_schema.check_constraints WHERE check_clause LIKE '%made%';
-- error-only
INSERT INTO made (id, made_0) VALUES (1, 1000);
ALTER TABLE made ADD COLUMN more INT;
DROP TABLE made;

-- about: Rows for a table that is not there.
INSERT INTO made VALUES (1, 2);
INSERT INTO shop.made VALUES (1, 2), (2, 3);
REPLACE INTO made VALUES (1, 2);
INSERT INTO made (id) VALUES (1);
INSERT INTO made SELECT 1, 2;
INSERT INTO made SET id = 1;
INSERT INTO made_copies VALUES (1);

-- about: Tables that are not there are told by the client's names.
DROP TABLE IF EXISTS made, nothing, made_copies;
SHOW WARNINGS;
DROP TABLE IF EXISTS made, nothing;
SHOW WARNINGS;
DROP TABLE IF EXISTS nothing, made_copies, made;
SHOW WARNINGS;
