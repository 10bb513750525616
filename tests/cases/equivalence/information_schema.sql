-- about: information_schema shows logical databases and tables, each once
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY table_name;
SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1;
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY table_schema, table_name;
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'orders';
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop_0';
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE 'shop%' AND table_name LIKE '%\_0';
SELECT DISTINCT table_schema FROM information_schema.columns WHERE table_schema LIKE 'shop%';
SELECT table_schema AS s, MAX(table_name) AS last FROM information_schema.tables WHERE table_schema = 'shop' GROUP BY table_schema;
SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'sh%' ORDER BY 1;
SELECT schema_name, default_character_set_name FROM information_schema.schemata WHERE schema_name = 'shop';

-- about: with parameters
-- params: 'shop', 'orders'
-- params: 'shop', 'nothing'
-- params: 'nothing', 'orders'
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?;
-- params: 'users'
SELECT column_name, ordinal_position, data_type, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position;

-- about: columns
SELECT * FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'users' ORDER BY ordinal_position;
SELECT c.table_name, c.column_name, c.column_type, c.column_default, c.extra, c.column_key, c.collation_name FROM information_schema.columns c WHERE c.table_schema = 'shop' ORDER BY c.table_name, c.ordinal_position;
SELECT column_name, UPPER(data_type) t FROM information_schema.columns WHERE table_schema = 'shop' AND table_name IN ('orders', 'tickets') AND column_key = 'PRI' ORDER BY table_name, column_name;

-- about: indexes and constraints
-- about: As text only: how wide MySQL takes NON_UNIQUE to be depends on its plan, and so do the bytes of a prepared answer.
-- text
-- unordered
SELECT table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics WHERE table_schema = 'shop';
-- unordered
SELECT constraint_schema, constraint_name, table_schema, table_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = 'shop';
-- unordered
SELECT * FROM information_schema.key_column_usage WHERE table_schema = 'shop';
SELECT * FROM information_schema.referential_constraints WHERE constraint_schema = 'shop';
SELECT tc.table_name, kcu.column_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu ON kcu.constraint_schema = tc.constraint_schema AND kcu.constraint_name = tc.constraint_name AND kcu.table_name = tc.table_name WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = 'shop' ORDER BY tc.table_name, kcu.ordinal_position;

-- about: sums
-- ignore: rows
SELECT table_name, table_rows, data_length + index_length AS size, auto_increment, create_time FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY size DESC, table_name;
-- ignore: rows
SELECT * FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'orders';
SELECT table_schema, SUM(table_rows) IS NOT NULL AS counted FROM information_schema.tables WHERE table_schema = 'shop' GROUP BY table_schema;
SELECT SUM(table_rows) > 200 FROM information_schema.tables WHERE table_schema = 'nothing';

-- about: things that are not there
SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'shop';
SELECT routine_name, routine_type FROM information_schema.routines WHERE routine_schema = 'shop';
SELECT * FROM information_schema.views WHERE table_schema = DATABASE();
SELECT event_name FROM information_schema.events WHERE event_schema = 'shop';
SELECT * FROM information_schema.check_constraints WHERE constraint_schema = 'shop';
SELECT specific_name FROM information_schema.parameters WHERE specific_schema = 'shop';
SELECT partition_name FROM information_schema.partitions WHERE table_schema = 'shop' AND partition_name IS NOT NULL;

-- about: as queries go
SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'users') AS found;
SELECT t.table_name FROM information_schema.tables AS t LEFT JOIN information_schema.views AS v USING (table_schema, table_name) WHERE t.table_schema = 'shop' AND v.table_name IS NULL ORDER BY t.table_name;
WITH t AS (SELECT table_name n FROM information_schema.tables WHERE table_schema = 'shop') SELECT a.n FROM t a JOIN t b ON a.n = b.n ORDER BY a.n LIMIT 3;
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' UNION SELECT table_name FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY 1;
SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position SEPARATOR ',') FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'orders';
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND (table_name = 'users' OR table_name = 'orders') ORDER BY table_name DESC;
SELECT t.table_name, u.name FROM information_schema.tables t JOIN users u ON u.user_id = 1 WHERE t.table_schema = 'shop' AND t.table_name = 'users';
SELECT nothing FROM information_schema.tables;
SELECT * FROM information_schema.nothing;

-- about: within the schema itself
USE information_schema;
SELECT table_name FROM tables WHERE table_schema = 'shop' ORDER BY table_name LIMIT 3;
SELECT t.table_name, DATABASE() FROM tables t WHERE t.table_schema = 'shop' AND t.table_name = 'users';
SELECT character_set_name FROM character_sets WHERE character_set_name = 'ascii';
USE shop;
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE();

-- about: what is alike on all servers
SELECT engine, support FROM information_schema.engines WHERE engine = 'InnoDB';
SELECT collation_name, id FROM information_schema.collations WHERE collation_name = 'utf8mb4_bin';
SELECT * FROM information_schema.character_sets WHERE character_set_name = 'utf8mb4';
SELECT table_name FROM information_schema.tables WHERE table_schema = 'information_schema' AND table_name IN ('TABLES', 'COLUMNS') ORDER BY 1;
-- ignore on MySQL: warnings
-- ignore: rows
SELECT id, user, db, command FROM information_schema.processlist WHERE id = CONNECTION_ID();
-- ignore: rows
SELECT * FROM information_schema.user_privileges;

-- about: what ShardGate does not do
-- refused: 1235 information_schema
INSERT INTO settings (name, value) SELECT table_name, 'x' FROM information_schema.tables WHERE table_schema = 'shop';
-- refused: 1235 information_schema
SET group_concat_max_len = (SELECT COUNT(*) FROM information_schema.tables);
