-- about: Named locks: each on the server that its name picks, several at once.
SELECT GET_LOCK('one', 1), GET_LOCK('two', 1), GET_LOCK('three', 1) AS three;
SELECT GET_LOCK('one', 0);
SELECT RELEASE_LOCK('one'), RELEASE_LOCK('one'), RELEASE_LOCK('one');
SELECT IS_FREE_LOCK('one'), IS_FREE_LOCK('two'), IS_FREE_LOCK('nobody has it');
SELECT IS_USED_LOCK('one'), IS_USED_LOCK('two') = CONNECTION_ID(), IS_USED_LOCK('three') <=> CONNECTION_ID() AS mine;
SELECT RELEASE_ALL_LOCKS();
SELECT RELEASE_ALL_LOCKS(), IS_FREE_LOCK('two');

-- about: Names of every kind.
SET @name = 'from a variable';
SELECT GET_LOCK(@name, 1);
SELECT GET_LOCK(CONCAT('a', 'b', LOWER('C')), 0.5), GET_LOCK('Größe', 1), GET_LOCK("it's", 1);
SELECT IS_FREE_LOCK('abc'), IS_FREE_LOCK('from a variable'), IS_FREE_LOCK('größe'), IS_FREE_LOCK('it''s');
SELECT RELEASE_LOCK('abc'), RELEASE_LOCK(@name), RELEASE_LOCK('Größe'), RELEASE_LOCK('it\'s');
SELECT GET_LOCK(REPEAT('x', 200), 1);
SELECT GET_LOCK(NULL, 1);
SELECT GET_LOCK('', 1);
SELECT IS_FREE_LOCK(NULL);
SELECT RELEASE_LOCK(NULL);
SELECT RELEASE_LOCK('nobody has it');

-- about: In other statements.
DO GET_LOCK('done', 1);
SET @got = GET_LOCK('set', 1);
-- ignore: length
SELECT @got, IS_FREE_LOCK('done'), IS_FREE_LOCK('set');
SELECT IF(GET_LOCK('done', 0), 'got', 'busy'), 1 + RELEASE_LOCK('set') AS two;
SELECT CASE WHEN GET_LOCK('case', 0) = 1 THEN 'yes' ELSE 'no' END;
SELECT COALESCE(RELEASE_LOCK('case'), 7) LIMIT 1;
DO RELEASE_LOCK('done'), RELEASE_LOCK('done'), RELEASE_LOCK('set');
SELECT IS_FREE_LOCK('done') AND IS_FREE_LOCK('set') AND IS_FREE_LOCK('case') AS all_free;
-- ignore: length
SELECT name, IS_FREE_LOCK('done') FROM users WHERE user_id = 3;

-- about: Columns are called by the call, whatever the expression ends with.
-- ignore: length
SELECT IS_USED_LOCK('l') IS NULL, RELEASE_LOCK('x') IS NOT NULL, IS_FREE_LOCK('l') IS TRUE, IS_FREE_LOCK('l') IS NOT UNKNOWN;
-- ignore: length
SELECT IS_FREE_LOCK('l') LIKE '1', CONNECTION_ID() IS NULL, USER() LIKE 'app%', USER() LIKE 'app' '%', USER() LIKE 'app%' likes, IS_FREE_LOCK('l') "free";
SELECT CONCAT(USER(), '') = _utf8mb4 'x', '2024-01-01' + INTERVAL IS_FREE_LOCK('l') DAY, USER() IS NULL `is it`, CURRENT_USER() LIKE '%' COLLATE utf8mb4_bin;

-- about: With parameters.
-- params: 'bound', 1
SELECT GET_LOCK(?, ?);
-- ignore: length
-- params: 'bound'
SELECT IS_FREE_LOCK(?), IS_USED_LOCK('bound') = CONNECTION_ID();
-- params: 'bound'
SELECT RELEASE_LOCK(?) AS released;
-- params: 'bound', 2
SELECT IF(GET_LOCK(?, 1), ?, 3);

-- refused: 1235 GET_LOCK where it may be called never or often
SELECT GET_LOCK(name, 1) FROM users WHERE user_id = 3;
-- refused: 1235 GET_LOCK where it may be called never or often
SELECT IF(1 = 0, 0, GET_LOCK('x', 1));

-- about: A transaction does not end with them, nor they with it.
BEGIN;
UPDATE users SET level = 7 WHERE user_id IN (1, 2, 3, 4, 5, 6);
SELECT GET_LOCK('in a transaction', 1);
ROLLBACK;
SELECT IS_FREE_LOCK('in a transaction');
UPDATE users SET level = 8 WHERE user_id IN (1, 2, 3, 4, 5, 6);
SELECT RELEASE_LOCK('in a transaction');

-- about: LOCK TABLES on all shards of the tables.
LOCK TABLES users READ, countries READ LOCAL, settings READ;
-- unordered
SELECT user_id FROM users;
SELECT name FROM users WHERE user_id = 5;
SELECT COUNT(*) FROM countries;
SELECT COUNT(*) FROM settings;
SELECT 1;
-- unordered
SELECT u.name, c.name FROM users u JOIN countries c ON c.code = u.country_code;
UPDATE users SET level = 9 WHERE user_id = 1;
UPDATE users SET level = 9;
DELETE FROM settings;
SELECT COUNT(*) FROM orders;
SELECT * FROM orders WHERE user_id = 1;
SELECT * FROM products WHERE product_id = 1;
UNLOCK TABLES;
SELECT COUNT(*) FROM orders;

-- about: Under other names.
LOCK TABLES users AS u WRITE, users READ;
SELECT u.name FROM users AS u WHERE u.user_id = 5;
SELECT users.name FROM users WHERE user_id = 5;
SELECT v.name FROM users AS v WHERE v.user_id = 5;
UNLOCK TABLES;

-- about: Writes of several shards under LOCK TABLES, kept everywhere or nowhere.
LOCK TABLES users WRITE, orders WRITE;
UPDATE users SET level = 11;
INSERT INTO orders (user_id, order_id, total) VALUES (1, 901, 1), (2, 901, 2), (3, 901, 3), (4, 901, 4), (5, 901, 5);
INSERT INTO orders (user_id, order_id, total) VALUES (1, 902, 1), (2, 902, 2), (3, 901, 3), (4, 902, 4), (5, 902, 5);
SELECT COUNT(*) FROM orders WHERE order_id IN (901, 902);
UNLOCK TABLES;
SELECT COUNT(*) FROM orders WHERE order_id IN (901, 902);
SELECT SUM(level) FROM users;

-- about: With autocommit off, as the manual recommends.
SET autocommit = 0;
LOCK TABLES users WRITE, settings WRITE;
UPDATE users SET level = 12;
UPDATE settings SET value = 'locked';
ROLLBACK;
SELECT SUM(level) FROM users;
UPDATE users SET level = 13 WHERE user_id IN (1, 2, 3);
COMMIT;
UPDATE users SET level = 14 WHERE user_id = 4;
UNLOCK TABLES;
ROLLBACK;
-- unordered
SELECT user_id, level FROM users WHERE user_id < 6;

-- about: A transaction ends them, and they end a transaction.
BEGIN;
UPDATE users SET level = 15 WHERE user_id IN (1, 2);
LOCK TABLES users READ;
ROLLBACK;
-- unordered
SELECT level FROM users WHERE user_id IN (1, 2);
BEGIN;
SELECT COUNT(*) FROM countries;
COMMIT;

-- about: What cannot be locked.
-- ignore: message
LOCK TABLES no_such_table READ;
SELECT COUNT(*) FROM countries;
LOCK TABLES users READ, no_such_table READ;
SELECT COUNT(*) FROM countries;
LOCK TABLES users READ, users WRITE;
LOCK TABLES;
UNLOCK TABLES;

-- about: As a dump is loaded.
LOCK TABLES `orders` WRITE;
/*!40000 ALTER TABLE `orders` DISABLE KEYS */;
INSERT INTO `orders` VALUES (1,911,NULL,1,1.00,'new','2024-01-01 00:00:00'),(2,911,NULL,1,1.00,'new','2024-01-01 00:00:00'),(3,911,NULL,1,1.00,'new','2024-01-01 00:00:00'),(4,911,NULL,1,1.00,'new','2024-01-01 00:00:00');
/*!40000 ALTER TABLE `orders` ENABLE KEYS */;
UNLOCK TABLES;
-- unordered
SELECT * FROM orders WHERE order_id = 911;

-- refused: 1235 FLUSH TABLES WITH READ LOCK
FLUSH TABLES WITH READ LOCK;
FLUSH TABLES;

-- about: Whether a lock is free is asked once, also of a statement over several shards.
SELECT GET_LOCK('mine', 1);
-- ignore: length, flags
SELECT IS_FREE_LOCK('mine'), (SELECT COUNT(*) FROM users);
-- ignore: length, flags
SELECT IS_USED_LOCK('mine') = CONNECTION_ID(), COUNT(*) FROM users;
-- ignore: length, flags
SELECT user_id, IS_FREE_LOCK('mine') FROM users WHERE IS_USED_LOCK('mine') = CONNECTION_ID() ORDER BY user_id LIMIT 3;
-- ignore: length, flags
SELECT IS_FREE_LOCK('nobody has it'), u.user_id FROM users u JOIN users v ON v.user_id = u.user_id + 1 WHERE IS_FREE_LOCK('mine') = 0 ORDER BY 2 LIMIT 3;
-- ignore: length, flags
-- params: 'mine'
SELECT IS_FREE_LOCK(?), (SELECT MAX(user_id) FROM users);
UPDATE users SET level = IS_FREE_LOCK('mine') + 5 ORDER BY name, user_id LIMIT 2;
-- refused: 1235 GET_LOCK where it may be called never or often
SELECT GET_LOCK('x', 1), (SELECT COUNT(*) FROM users);
-- refused: 1235 a named lock whose name depends on rows
SELECT COUNT(*) FROM users WHERE IS_FREE_LOCK(name);
SELECT RELEASE_LOCK('mine');

-- about: A transaction that follows another unlocks tables, as one does that begins.
LOCK TABLES users WRITE;
COMMIT AND CHAIN;
SELECT COUNT(*) FROM orders;
ROLLBACK;
LOCK TABLES users READ, orders READ;
ROLLBACK AND CHAIN;
SELECT COUNT(*) FROM countries;
COMMIT;
