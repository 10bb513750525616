-- about: what clients and libraries ask of the catalogue, as they ask it

-- about: HeidiSQL
SELECT `DEFAULT_COLLATION_NAME` FROM `information_schema`.`SCHEMATA` WHERE `SCHEMA_NAME`='shop';
-- ignore: rows
SHOW TABLE STATUS FROM `shop`;
SHOW FUNCTION STATUS WHERE `Db`='shop';
SHOW PROCEDURE STATUS WHERE `Db`='shop';
SHOW TRIGGERS FROM `shop`;
SELECT *, EVENT_SCHEMA AS `Db`, EVENT_NAME AS `Name` FROM information_schema.`EVENTS` WHERE `EVENT_SCHEMA`='shop';
SELECT * FROM `information_schema`.`COLUMNS` WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders' ORDER BY ORDINAL_POSITION;
-- ignore: rows
SHOW INDEXES FROM `orders` FROM `shop`;
SELECT * FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA='shop' AND TABLE_NAME='orders' AND REFERENCED_TABLE_NAME IS NOT NULL;
SELECT * FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders' AND REFERENCED_TABLE_NAME IS NOT NULL;
SHOW CREATE TABLE `shop`.`orders`;
SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM `information_schema`.`CHECK_CONSTRAINTS` WHERE CONSTRAINT_SCHEMA='shop';
SELECT tc.CONSTRAINT_NAME, cc.CHECK_CLAUSE FROM `information_schema`.`CHECK_CONSTRAINTS` AS cc, `information_schema`.`TABLE_CONSTRAINTS` AS tc WHERE tc.CONSTRAINT_SCHEMA='shop' AND tc.TABLE_NAME='orders' AND tc.CONSTRAINT_TYPE='CHECK' AND tc.CONSTRAINT_SCHEMA=cc.CONSTRAINT_SCHEMA AND tc.CONSTRAINT_NAME=cc.CONSTRAINT_NAME;
-- ignore: rows
SHOW COLLATION;
-- ignore: rows
SHOW ENGINES;
-- ignore: rows
SHOW /*!50002 GLOBAL */ STATUS;
-- ignore: rows
SHOW VARIABLES;
-- ignore: rows
SHOW OPEN TABLES FROM `shop` WHERE `in_use`!=0;
SELECT `SCHEMA_NAME` FROM `information_schema`.`SCHEMATA` WHERE `SCHEMA_NAME` <> 'performance_schema' ORDER BY 1;
-- ignore: rows
SELECT * FROM `shop`.`orders` LIMIT 10;
-- ignore on MySQL: warnings
-- ignore: rows
SHOW PROCESSLIST;

-- about: DBeaver
SELECT * FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop';
SHOW FULL TABLES FROM `shop`;
-- ignore: rows
SHOW TABLE STATUS FROM `shop` LIKE 'orders';
SHOW FULL COLUMNS FROM `orders` FROM `shop`;
SELECT cc.CONSTRAINT_NAME, cc.CHECK_CLAUSE, tc.TABLE_NAME FROM (SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'shop' ORDER BY CONSTRAINT_NAME) cc, (SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'users') tc WHERE cc.CONSTRAINT_NAME = tc.CONSTRAINT_NAME;
SELECT kc.CONSTRAINT_NAME,kc.TABLE_NAME,kc.COLUMN_NAME,kc.ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE kc WHERE kc.TABLE_SCHEMA='shop' AND kc.REFERENCED_TABLE_NAME IS NULL AND kc.TABLE_NAME='orders' ORDER BY kc.CONSTRAINT_NAME,kc.ORDINAL_POSITION;
-- unordered
SELECT DISTINCT A.REFERENCED_TABLE_SCHEMA AS PKTABLE_CAT,NULL AS PKTABLE_SCHEM, A.REFERENCED_TABLE_NAME AS PKTABLE_NAME, A.REFERENCED_COLUMN_NAME AS PKCOLUMN_NAME, A.TABLE_SCHEMA AS FKTABLE_CAT, A.TABLE_NAME AS FKTABLE_NAME FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE A JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS B USING (CONSTRAINT_NAME,TABLE_NAME) WHERE B.CONSTRAINT_TYPE = 'FOREIGN KEY' AND A.TABLE_SCHEMA = 'shop' AND A.TABLE_NAME = 'orders' AND A.REFERENCED_TABLE_SCHEMA IS NOT NULL ORDER BY A.REFERENCED_TABLE_SCHEMA, A.REFERENCED_TABLE_NAME;
SELECT TABLE_NAME,COLUMN_NAME FROM INFORMATION_SCHEMA.STATISTICS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='order_items' ORDER BY TABLE_NAME,INDEX_NAME,SEQ_IN_INDEX;
-- ignore: rows
SHOW INDEX FROM `shop`.`users`;
SELECT TABLE_SCHEMA AS TABLE_CAT, NULL AS TABLE_SCHEM, TABLE_NAME, CASE WHEN TABLE_TYPE='BASE TABLE' THEN CASE WHEN TABLE_SCHEMA = 'mysql' OR TABLE_SCHEMA = 'performance_schema' THEN 'SYSTEM TABLE' ELSE 'TABLE' END WHEN TABLE_TYPE='TEMPORARY' THEN 'LOCAL_TEMPORARY' ELSE TABLE_TYPE END AS TABLE_TYPE, TABLE_COMMENT AS REMARKS, NULL AS TYPE_CAT FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME LIKE '%' HAVING TABLE_TYPE IN ('TABLE','VIEW',NULL,NULL,NULL) ORDER BY TABLE_TYPE, TABLE_SCHEMA, TABLE_NAME;
-- text
SELECT TABLE_SCHEMA AS TABLE_CAT, NULL AS TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, UPPER(DATA_TYPE) AS TYPE_NAME, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE AS DECIMAL_DIGITS, 10 AS NUM_PREC_RADIX, CASE WHEN IS_NULLABLE='NO' THEN 0 ELSE CASE WHEN IS_NULLABLE='YES' THEN 1 ELSE 2 END END AS NULLABLE, COLUMN_COMMENT AS REMARKS, COLUMN_DEFAULT AS COLUMN_DEF, ORDINAL_POSITION, IS_NULLABLE, IF (EXTRA LIKE '%auto_increment%','YES','NO') AS IS_AUTOINCREMENT, IF (EXTRA LIKE '%GENERATED%','YES','NO') AS IS_GENERATEDCOLUMN FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'users' AND COLUMN_NAME LIKE '%' ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION;
SELECT ROUTINE_SCHEMA AS PROCEDURE_CAT, NULL AS PROCEDURE_SCHEM, ROUTINE_NAME AS PROCEDURE_NAME, ROUTINE_COMMENT AS REMARKS FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_SCHEMA = 'shop' ORDER BY ROUTINE_NAME;

-- about: mysqldump and mariadb-dump
-- only: MariaDB
-- ignore: rows
SELECT LOGFILE_GROUP_NAME, FILE_NAME, TOTAL_EXTENTS, INITIAL_SIZE, ENGINE, EXTRA FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'UNDO LOG' AND FILE_NAME IS NOT NULL AND LOGFILE_GROUP_NAME IS NOT NULL AND LOGFILE_GROUP_NAME IN (SELECT DISTINCT LOGFILE_GROUP_NAME FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'DATAFILE' AND TABLESPACE_NAME IN (SELECT DISTINCT TABLESPACE_NAME FROM INFORMATION_SCHEMA.PARTITIONS WHERE TABLE_SCHEMA IN ('shop'))) GROUP BY LOGFILE_GROUP_NAME, FILE_NAME, ENGINE, TOTAL_EXTENTS, INITIAL_SIZE ORDER BY LOGFILE_GROUP_NAME;
-- ignore: rows
SELECT DISTINCT TABLESPACE_NAME, FILE_NAME, LOGFILE_GROUP_NAME, EXTENT_SIZE, INITIAL_SIZE, ENGINE FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'DATAFILE' AND TABLESPACE_NAME IN (SELECT DISTINCT TABLESPACE_NAME FROM INFORMATION_SCHEMA.PARTITIONS WHERE TABLE_SCHEMA IN ('shop')) ORDER BY TABLESPACE_NAME, LOGFILE_GROUP_NAME;

-- about: the same on all servers
SHOW VARIABLES LIKE 'ndbinfo\_version';
SHOW CREATE DATABASE IF NOT EXISTS `shop`;
show tables;
-- ignore: rows
show table status like 'orders';
-- ignore: rows
show table status like 'order\_items';
SET SQL_QUOTE_SHOW_CREATE=1;
SET SESSION character_set_results = 'binary';
-- ignore: type, charset, length, flags
show create table `orders`;
SET SESSION character_set_results = 'utf8mb4';
show fields from `orders`;
show triggers like 'orders';
-- unordered
SELECT COLUMN_NAME, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'orders';
-- unordered
SELECT /*!40001 SQL_NO_CACHE */ * FROM `orders`;
-- unordered
SELECT /*!40001 SQL_NO_CACHE */ `user_id`, `order_id`, `total` FROM `orders` WHERE user_id < 3;

-- about: Django
-- about: inspectdb and migrate
SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name;
-- text
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, extra, column_default, CASE WHEN collation_name = 'utf8mb4_general_ci' THEN NULL ELSE collation_name END AS collation_name, CASE WHEN column_type LIKE '%% unsigned' THEN 1 ELSE 0 END AS is_unsigned, column_comment FROM information_schema.columns WHERE table_name = 'users' AND table_schema = DATABASE() ORDER BY ordinal_position;
SELECT column_name, referenced_column_name, referenced_table_name FROM information_schema.key_column_usage WHERE table_name = 'orders' AND table_schema = DATABASE() AND referenced_table_schema = DATABASE() AND referenced_table_name IS NOT NULL AND referenced_column_name IS NOT NULL;
SELECT kc.`constraint_name`, kc.`column_name`, kc.`referenced_table_name`, kc.`referenced_column_name`, c.`constraint_type` FROM information_schema.key_column_usage AS kc, information_schema.table_constraints AS c WHERE kc.table_schema = DATABASE() AND (kc.referenced_table_schema = DATABASE() OR kc.referenced_table_schema IS NULL) AND c.table_schema = kc.table_schema AND c.constraint_name = kc.constraint_name AND c.constraint_type != 'CHECK' AND kc.table_name = 'orders' ORDER BY kc.`ordinal_position`, kc.constraint_name, c.table_name;
SELECT engine FROM information_schema.tables WHERE table_name = 'orders' AND table_schema = DATABASE();
SELECT table_collation FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'users';
-- ignore: rows
SHOW INDEX FROM `users`;
SHOW FULL TABLES WHERE Table_type != 'VIEW';
SELECT * FROM `users` LIMIT 0;
SELECT VERSION() = @@version, @@sql_mode IS NULL, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL;
SET SQL_AUTO_IS_NULL = 0;
SHOW CREATE TABLE `users`;

-- about: Rails
SELECT VERSION() = 'x';
SET @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483, @@SESSION.sql_mode = 'STRICT_ALL_TABLES';
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = database()) _subquery WHERE table_type = 'BASE TABLE' ORDER BY 1;
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'BASE TABLE' AND _subquery.table_name = 'users';
SHOW FULL FIELDS FROM `users`;
-- ignore: rows
SHOW KEYS FROM `users`;
SELECT column_name FROM information_schema.statistics WHERE index_name = 'PRIMARY' AND table_schema = database() AND table_name = 'orders' ORDER BY seq_in_index;
SELECT column_name FROM information_schema.columns WHERE generation_expression <> '' AND table_schema = database() AND table_name = 'orders' ORDER BY ordinal_position;
SELECT fk.referenced_table_name AS 'to_table', fk.referenced_column_name AS 'primary_key', fk.column_name AS 'column', fk.constraint_name AS 'name', fk.ordinal_position AS 'position', rc.update_rule AS 'on_update', rc.delete_rule AS 'on_delete' FROM information_schema.referential_constraints rc JOIN information_schema.key_column_usage fk USING (constraint_schema, constraint_name) WHERE fk.referenced_column_name IS NOT NULL AND fk.table_schema = database() AND fk.table_name = 'orders' AND rc.constraint_schema = database() AND rc.table_name = 'orders';
SELECT table_comment FROM information_schema.tables WHERE table_schema = database() AND table_name = 'users';
SHOW VARIABLES LIKE 'collation_database';
SHOW VARIABLES LIKE 'character_set_database';
SHOW TABLES LIKE 'schema_migrations';
SHOW MAX_ROWS;

-- about: SQLAlchemy
SELECT DATABASE();
SELECT @@transaction_isolation IS NOT NULL;
SHOW VARIABLES LIKE 'sql_mode';
SHOW VARIABLES LIKE 'lower_case_table_names';
SHOW FULL TABLES FROM `shop`;
DESCRIBE `shop`.`users`;
DESCRIBE `shop`.`nothing`;
SHOW CREATE TABLE `shop`.`orders`;
SELECT CAST('test plain returns' AS CHAR(60)) AS anon_1;
SELECT CAST('test collated returns' AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin AS anon_1;
select table_schema, table_name, column_name from information_schema.columns where (table_schema, table_name, lower(column_name)) in (('shop', 'users', 'user_id')) order by 1, 2, 3;
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'users';

-- about: Laravel, Prisma, TypeORM, Hibernate, Sequelize
-- text
select table_name as `name`, (data_length + index_length) > 0 as `size`, table_comment as `comment`, engine as `engine`, table_collation as `collation` from information_schema.tables where table_schema = 'shop' and table_type in ('BASE TABLE', 'SYSTEM VERSIONED') order by table_name;
select exists (select 1 from information_schema.tables where table_schema = schema() and table_name = 'users' and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')) as `exists`;
select column_name as `name`, data_type as `type_name`, column_type as `type`, collation_name as `collation`, is_nullable as `nullable`, column_default as `default`, column_comment as `comment`, generation_expression as `expression`, extra as `extra` from information_schema.columns where table_schema = 'shop' and table_name = 'users' order by ordinal_position asc;
-- about: how wide MySQL takes it to be depends on its plan
-- text
select index_name as `name`, group_concat(column_name order by seq_in_index) as `columns`, index_type as `type`, not non_unique as `unique` from information_schema.statistics where table_schema = 'shop' and table_name = 'orders' group by index_name, index_type, non_unique;
SELECT DISTINCT BINARY table_info.table_name AS table_name, table_info.create_options AS create_options, table_info.table_comment AS table_comment FROM information_schema.tables AS table_info JOIN information_schema.columns AS column_info ON BINARY column_info.table_name = BINARY table_info.table_name WHERE table_info.table_schema = 'shop' AND column_info.table_schema = 'shop' AND BINARY table_info.table_type = 'BASE TABLE' ORDER BY BINARY table_info.table_name;
SELECT column_name column_name, data_type data_type, column_type full_data_type, character_maximum_length character_maximum_length, numeric_precision numeric_precision, numeric_scale numeric_scale, datetime_precision datetime_precision, column_default column_default, is_nullable is_nullable, extra extra, table_name table_name, NULL AS generation_expression FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY table_name, ordinal_position;
SELECT DATABASE() AS `db_name`;
SELECT * FROM `INFORMATION_SCHEMA`.`COLUMNS` WHERE (`TABLE_SCHEMA` = 'shop' AND `TABLE_NAME` = 'users') ORDER BY ORDINAL_POSITION;
-- text
SELECT * FROM `INFORMATION_SCHEMA`.`COLUMNS` WHERE `TABLE_SCHEMA` = 'shop' AND `TABLE_NAME` = 'orders' UNION SELECT * FROM `INFORMATION_SCHEMA`.`COLUMNS` WHERE `TABLE_SCHEMA` = 'shop' AND `TABLE_NAME` = 'settings' ORDER BY TABLE_NAME, ORDINAL_POSITION;
SELECT * FROM (SELECT * FROM `INFORMATION_SCHEMA`.`KEY_COLUMN_USAGE` `kcu` WHERE `kcu`.`TABLE_SCHEMA` = 'shop' AND `kcu`.`TABLE_NAME` = 'orders') `kcu` WHERE `CONSTRAINT_NAME` = 'PRIMARY' ORDER BY ORDINAL_POSITION;
-- ignore: rows
SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH, INDEX_LENGTH, DATA_FREE, AUTO_INCREMENT, CREATE_TIME, UPDATE_TIME, CHECKSUM FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY TABLE_ROWS DESC;

-- about: other SHOWs
SHOW TRIGGERS;
-- ignore: rows
SHOW STATUS LIKE 'Com_select';
-- ignore: rows
SHOW GLOBAL STATUS LIKE 'Uptime';
SHOW SESSION STATUS LIKE 'nothing';
SHOW GLOBAL VARIABLES LIKE 'nothing';
SHOW WARNINGS LIMIT 1;
SHOW ERRORS LIMIT 0, 1;
SHOW COUNT(*) ERRORS;
SHOW CHARACTER SET;
-- ignore: rows
SHOW STORAGE ENGINES;
-- error-only
SHOW CREATE DATABASE nothing;
SHOW CREATE TABLE shop.nothing;
SHOW COLUMNS FROM shop.nothing;
SHOW INDEX FROM shop.nothing;
SHOW TABLE STATUS FROM shop LIKE 'nothing';
SHOW FULL COLUMNS FROM users LIKE 'user%';
SHOW FULL COLUMNS FROM users WHERE Type LIKE 'varchar%';
SHOW COLUMNS FROM users WHERE Null = 'YES' AND Field LIKE 'b%';
SHOW COLUMNS FROM users WHERE `Null` = 'YES' AND Field LIKE 'b%';
DESCRIBE users user_id;
DESCRIBE users '%id';
DESC shop.users `name`;
EXPLAIN users name;
-- refused: 1235 it concerns one server
SHOW BINARY LOGS;
-- refused: 1235 it concerns one server
SHOW ENGINE INNODB STATUS;
-- ignore: rows
SHOW PROFILES;
HELP 'SELECT';
SHOW FUNCTION CODE nothing;
SHOW PROCEDURE CODE nothing;

-- about: sums over the shards
SELECT table_name, data_length >= 3 * 16384 AS all_of_them FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'settings';
SELECT t.table_name, c.n FROM information_schema.tables t JOIN (SELECT table_name, COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name) c ON c.table_name = t.table_name WHERE t.table_schema = DATABASE() ORDER BY c.n DESC, 1;
SELECT s.table_name, s.index_name, COUNT(*) AS parts FROM information_schema.statistics s LEFT JOIN information_schema.tables t ON t.table_schema = s.table_schema AND t.table_name = s.table_name WHERE s.table_schema = 'shop' AND t.engine = 'InnoDB' GROUP BY s.table_name, s.index_name HAVING parts > 1 ORDER BY parts DESC, s.table_name;
SELECT o.total, t.table_comment FROM orders o, information_schema.tables t WHERE t.table_name = 'orders' AND t.table_schema = 'shop' AND o.user_id < 4 ORDER BY o.user_id, o.order_id;

-- about: a message about the catalogue
SET sql_mode = 'ONLY_FULL_GROUP_BY';
-- ignore: message
SELECT table_name, engine FROM information_schema.tables WHERE table_schema = 'shop' GROUP BY engine;
SELECT nothing.table_name FROM information_schema.tables;
SELECT tables.nothing FROM information_schema.tables;
SELECT table_name + 9223372036854775807 + 9223372036854775807 FROM information_schema.nothing;
