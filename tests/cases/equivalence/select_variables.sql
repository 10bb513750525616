-- about: user variables keep their character set and collation from one connection to the next
SET @u = 'a' COLLATE utf8mb4_bin;
SELECT 'A' = @u, COLLATION(@u), @u;
SELECT word_id FROM words WHERE general = @u ORDER BY word_id;
SELECT COUNT(*) FROM words WHERE general = @u;

-- about: and their bytes, whatever character set results have
SET @s = _latin1'abc', @e = '', @b = _binary x'00ff';
SELECT CHARSET(@s), COLLATION(@s), @s, @e, CHARSET(@e), HEX(@b), CHARSET(@b);
SET NAMES latin1;
SET @x = _utf8mb4 x'F09F9880';
SELECT HEX(@x), CHARSET(@x), CHAR_LENGTH(@x);
SET NAMES utf8mb4;
SELECT HEX(@x), CHARSET(@x), CHAR_LENGTH(@x);

-- about: numbers are numbers
SELECT COUNT(*) INTO @c FROM users;
SET @d = 1.50, @f = 1.5e0, @n = NULL;
SELECT '60abc' = @c, @c + 1, @d, @f, @n;
SELECT user_id FROM users WHERE user_id < @c - 2 ORDER BY user_id LIMIT 3;

-- about: What a statement has made of variables before it failed.
SET @z = 5, @y = 'old';
SELECT user_id INTO @z FROM users WHERE user_id = 3 OR user_id = 4 ORDER BY user_id;
SELECT @z;
SELECT @y := name, (SELECT user_id FROM users) FROM users WHERE user_id = 3;
SELECT @y;
UPDATE users SET level = (@y := 7), name = NULL WHERE user_id = 3;
SELECT @y;
SELECT weight INTO @z FROM tickets ORDER BY ticket_id DESC;
SELECT @z;
SET @z = 5;
SELECT ticket_id, title INTO @z, @y FROM tickets WHERE ticket_id > 3 ORDER BY ticket_id;
SELECT @z, @y;

-- about: SET takes values from several shards
SET @a = (SELECT MAX(level) FROM users);
SELECT @a;
SELECT user_id FROM users WHERE user_id > 3 ORDER BY user_id LIMIT 4;
SET @a = 1, @B = (SELECT COUNT(*) FROM users) + @a, @c := (SELECT name FROM users WHERE user_id = 3), @`d e` = @a;
SELECT FOUND_ROWS(), ROW_COUNT();
SELECT @a, @b, @c, @`d e`, COLLATION(@c);
SET @n = (SELECT user_id FROM users WHERE user_id = -12345), @m = (SELECT AVG(balance) FROM users), @t = (SELECT SUM(total) FROM orders o JOIN users u ON u.level = o.order_id);
SELECT @n, @m, @t;
SET @e = EXISTS (SELECT 1 FROM users u JOIN orders o ON o.order_id = u.level);
SELECT @e, user_id FROM users WHERE user_id = 3;
SET @w = (SELECT 1 / 0 FROM users WHERE user_id = 3), @x = (SELECT COUNT(*) FROM users);
SHOW WARNINGS;
SELECT @w, @x;

-- about: or none, where one fails
SET @a = 5, @b = 6;
SET @a = 7, @b = (SELECT user_id FROM users);
SELECT @a, @b;
SET @a = 7, @b = (SELECT nonsense FROM users);
SET @a = 7, @b = (SELECT MAX(user_id) FROM nowhere);
SELECT @a, @b;

-- about: in a transaction, whose rows it sees
BEGIN;
INSERT INTO tickets VALUES (90001, 'a', 1000), (90002, 'b', 2000), (90003, 'c', 3000);
SET @s = (SELECT SUM(weight) FROM tickets WHERE ticket_id > 90000);
ROLLBACK;
SELECT @s, (SELECT COUNT(*) FROM tickets WHERE ticket_id > 90000);

-- about: from information_schema, as scripts do that look before they change a table
SET @sql = (SELECT IF((SELECT COUNT(*) FROM information_schema.columns
                        WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'name') > 0,
                      'SELECT COUNT(*) FROM users', 'ALTER TABLE users ADD COLUMN name INT'));
PREPARE s FROM @sql;
EXECUTE s;
DEALLOCATE PREPARE s;

-- about: prepared by name
PREPARE s FROM 'SET @a = (SELECT MAX(level) FROM users)';
EXECUTE s;
SELECT @a;

-- about: one that is NULL again is so wherever it was something else
SET @a = 5, @b = 7;
SELECT user_id FROM users WHERE user_id = 3 AND @a = 5;
SELECT user_id FROM users WHERE user_id = 4 AND @a = 5;
SELECT user_id FROM users WHERE user_id = 5 AND @a = 5;
SELECT @a := NULL FROM users WHERE user_id = 5;
SELECT user_id, @a, @b FROM users WHERE user_id = 3;
SELECT user_id, @a, @b FROM users WHERE user_id = 4;
SELECT user_id, @a, @b FROM users WHERE user_id = 5;
SELECT @a, @b;
SET @a = 'x';
SELECT user_id, @a, @b FROM users WHERE user_id = 3;
SET @a = NULL;
SELECT @a, @b;
SELECT user_id, @a, @b FROM users WHERE user_id = 3;
SELECT user_id, @a, @b FROM users WHERE user_id = 4;
SELECT level FROM users WHERE user_id = 4 INTO @b;
SELECT MAX(level) INTO @b FROM users WHERE name = 'nobody at all';
SELECT user_id, @b FROM users WHERE user_id = 3;
SELECT user_id, @b FROM users WHERE user_id = 4;
