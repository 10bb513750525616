-- about: Each shard of a table does it for its own rows.
ANALYZE TABLE users;
ANALYZE TABLE users, orders, shop.countries, settings;
analyze local table `tickets`;
ANALYZE NO_WRITE_TO_BINLOG TABLE logins;

CHECK TABLE users, orders, countries, settings;
CHECK TABLE users QUICK;
CHECK TABLE orders FAST EXTENDED;

OPTIMIZE TABLE tickets, settings;

REPAIR TABLE logins;

-- about: A checksum is the sum of those of the rows.
CHECKSUM TABLE users;
CHECKSUM TABLE users, orders, order_items, countries, products, settings, samples, words, logins, tickets;
CHECKSUM TABLE shop.users EXTENDED;
CHECKSUM TABLE tickets QUICK;
CHECKSUM TABLES users, nothing;
SHOW WARNINGS;

-- about: What is not there.
ANALYZE TABLE nothing, users;
CHECK TABLE nothing;
CHECKSUM TABLE nothing;
OPTIMIZE TABLE nothing;

-- error-only
CHECK TABLE elsewhere.users;

-- error-only
CHECKSUM TABLE;

-- error-only
ANALYZE TABLE users WITH WHAT;

-- error-only
CHECK TABLE users users;

-- about: All of them but CHECKSUM TABLE commit.
BEGIN;
UPDATE settings SET value = 'kept' WHERE id = 1;
UPDATE users SET score = 7 WHERE level = 3;
CHECKSUM TABLE users, settings;
ROLLBACK;
SELECT value FROM settings WHERE id = 1;
BEGIN;
UPDATE settings SET value = 'kept' WHERE id = 1;
UPDATE users SET score = 8 WHERE level = 3;
ANALYZE TABLE users;
ROLLBACK;
SELECT value FROM settings WHERE id = 1;
SELECT COUNT(*) FROM users WHERE score = 8;

-- about: Temporary tables, and what is locked.
CREATE TEMPORARY TABLE notes (id INT PRIMARY KEY, note VARCHAR(10)) ENGINE=InnoDB;
INSERT INTO notes VALUES (1, 'x'), (2, 'y');
CHECKSUM TABLE notes;
CHECK TABLE notes;
DROP TEMPORARY TABLE notes;
LOCK TABLES users WRITE, tickets READ;
CHECKSUM TABLE users, tickets;
CHECK TABLE tickets;
UNLOCK TABLES;

-- about: As programs write dumps.
/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */ /*!50001 VIEW `dumped` AS SELECT `countries`.`code` AS `code` FROM `countries` */;
SELECT COUNT(*) FROM dumped;
DROP VIEW dumped, nothing, missing;
DROP VIEW IF EXISTS dumped;
