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
