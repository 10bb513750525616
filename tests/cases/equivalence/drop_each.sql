-- about: Tables of all shards, of one and of none that are dropped by one statement.
CREATE TABLE unruled (a INT);
CREATE TABLE unruled_too (a INT);
INSERT INTO unruled VALUES (1);
DROP TABLE IF EXISTS unruled, logins, no_such_table, unruled_too;
SHOW WARNINGS;
SELECT COUNT(*) FROM unruled;
SELECT COUNT(*) FROM unruled_too;
SELECT COUNT(*) FROM logins;
DROP TABLE IF EXISTS logins, no_such_table;
SHOW WARNINGS;
CREATE TABLE logins (login VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, attempts INT NOT NULL DEFAULT 0) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- about: The same without IF EXISTS.
CREATE TABLE unruled (a INT);
DROP TABLE logins, unruled;
SELECT COUNT(*) FROM unruled;
SELECT COUNT(*) FROM logins;
CREATE TABLE unruled (a INT);
DROP TABLE unruled, logins;
DROP TABLE unruled;
CREATE TABLE logins (login VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, attempts INT NOT NULL DEFAULT 0) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
