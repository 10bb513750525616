-- about: a view over tables of the default shard
CREATE TABLE prices (id INT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO prices VALUES (1, 'Lamp'), (2, 'Chair');
CREATE OR REPLACE VIEW priced (code, title) AS SELECT p.id, q.title FROM prices p JOIN prices q ON p.id = q.id;
SELECT * FROM priced ORDER BY title;
SELECT v.code FROM priced v WHERE v.title LIKE 'L%';
SHOW FULL TABLES LIKE 'priced';
SHOW COLUMNS FROM priced;
-- ignore: rows
SHOW CREATE VIEW priced;
-- ignore: rows
SHOW CREATE TABLE shop.priced;
SELECT table_name, view_definition, is_updatable FROM information_schema.views WHERE table_schema = 'shop';
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_type = 'VIEW';
SELECT column_name FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'priced' ORDER BY ordinal_position;
DROP VIEW priced;
DROP TABLE prices;
SELECT COUNT(*) FROM information_schema.views WHERE table_schema = 'shop';
SELECT * FROM priced;

-- about: what would show one shard's rows
-- refused: 1235 a view over sharded tables
CREATE VIEW paid AS SELECT * FROM orders WHERE status = 'paid';

-- about: routines run on the default shard
CREATE PROCEDURE theme() SELECT 'dark' AS value, DATABASE() IS NOT NULL AS is_set;
CALL theme();
-- ignore: rows
SHOW PROCEDURE STATUS LIKE 'theme';
SELECT routine_name, routine_type FROM information_schema.routines WHERE routine_schema = 'shop';
-- ignore: rows
SHOW CREATE PROCEDURE theme;
DROP PROCEDURE theme;
CALL theme();

-- about: Several at once, sharded and not.
-- natural key
CREATE VIEW made AS SELECT ticket_id AS id, title FROM tickets;
CREATE VIEW of_settings AS SELECT * FROM settings;
DROP VIEW made, of_settings;
SHOW TABLES;
DROP VIEW IF EXISTS made, of_settings;
SHOW WARNINGS;
CREATE VIEW of_settings AS SELECT * FROM settings;
DROP VIEW made, of_settings;
DROP VIEW IF EXISTS of_settings;

-- about: As dumps write views: first what stands in for one, and at the end the view.
-- natural key
DROP VIEW IF EXISTS `made`;
/*!50001 CREATE VIEW `made` AS SELECT
 1 AS `id`,
 1 AS `title`*/;
SHOW COLUMNS FROM made;
DROP VIEW IF EXISTS `made`;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50001 VIEW `made` AS select `tickets`.`ticket_id` AS `id`,`tickets`.`title` AS `title` from `tickets` */;
SELECT * FROM made ORDER BY id;
SELECT title FROM made WHERE id = 2;
DROP VIEW made;
