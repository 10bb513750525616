-- about: One row by its shard key, in every spelling of the key that MySQL compares as equal.
SELECT * FROM users WHERE user_id = 1;

SELECT user_id, name, email FROM users WHERE user_id = 42;

SELECT * FROM users WHERE user_id = '42';

SELECT * FROM users WHERE user_id = 42.0;

SELECT * FROM users WHERE user_id = 42.00e0;

SELECT * FROM users WHERE user_id = 4.2e1;

SELECT * FROM users WHERE user_id = 42.5;

SELECT * FROM users WHERE user_id = ' 42';

SELECT * FROM users WHERE user_id = '42 ';

SELECT name FROM users WHERE user_id = '42.0';

SELECT name FROM users WHERE user_id = '4.2e1';

-- about: Converted with a warning: only what the digits say counts.
SELECT name FROM users WHERE user_id = '42abc';

SELECT name FROM users WHERE user_id = 'abc';

SELECT name FROM users WHERE user_id = 0x2A;

-- about: A string to MariaDB and a number to MySQL, so it goes to every shard, and each shard warns.
-- ignore: warnings
SELECT name FROM users WHERE user_id = x'2a';

SELECT name FROM users WHERE user_id = b'101010';

SELECT name FROM users WHERE user_id = -1;

SELECT name FROM users WHERE user_id = - 7;

SELECT name FROM users WHERE user_id = +5;

SELECT name FROM users WHERE user_id = -(-5);

SELECT name FROM users WHERE user_id = 0;

SELECT name FROM users WHERE user_id = -0;

SELECT name FROM users WHERE user_id = '-0';

SELECT name FROM users WHERE user_id = 9223372036854775807;

SELECT name FROM users WHERE user_id = -9223372036854775808;

SELECT name FROM users WHERE user_id = 9223372036854775808;

SELECT name FROM users WHERE user_id = 99999999999999999999999;

-- about: Beyond 2^53 a string is compared as DOUBLE or exactly, as the server chooses.
SELECT name FROM users WHERE user_id = '9007199254740993';

SELECT name FROM users WHERE user_id = 9007199254740993;

SELECT name FROM users WHERE user_id = 9007199254740993.0;

SELECT name FROM users WHERE user_id = 9007199254740993e0;

SELECT name FROM users WHERE user_id = TRUE;

SELECT name FROM users WHERE user_id = NULL;

SELECT name FROM users WHERE user_id <=> 8;

SELECT name FROM users WHERE user_id <=> NULL;

SELECT name FROM users WHERE user_id IS NULL;

SELECT name FROM users WHERE 42 = user_id;

SELECT name FROM users WHERE (user_id) = (42);

SELECT name FROM users WHERE ((user_id = 42));

SELECT u.name FROM users u WHERE u.user_id = 3;

SELECT u.name FROM users AS u WHERE u.user_id = 3;

SELECT `u`.`name` FROM `users` `u` WHERE `u`.`user_id` = 3;

SELECT users.name FROM users WHERE users.user_id = 3;

SELECT shop.users.name FROM shop.users WHERE shop.users.user_id = 3;

SELECT name FROM `shop`.`users` WHERE `user_id` = 3;

SELECT name FROM shop . users WHERE user_id = 3;

SELECT users.* FROM users WHERE user_id = 3;

SELECT USER_ID, Name FROM users WHERE User_Id = 3;

SELECT name FROM users WHERE user_id = 1+1;

SELECT name FROM users WHERE user_id = 2 AND name = 'Björn';

SELECT name FROM users WHERE user_id = 2 AND name = 'nobody';

SELECT name, balance * 2 AS twice, CONCAT(name, '!') FROM users WHERE user_id = 12;

SELECT COUNT(*), SUM(total), AVG(total), MIN(total), MAX(placed_at) FROM orders WHERE user_id = 4;

SELECT status, COUNT(*) FROM orders WHERE user_id = 8 GROUP BY status ORDER BY status;

SELECT DISTINCT status FROM orders WHERE user_id = 8 ORDER BY 1;

SELECT order_id FROM orders WHERE user_id = 8 ORDER BY total DESC LIMIT 2;

SELECT order_id FROM orders WHERE user_id = 8 ORDER BY order_id LIMIT 1, 2;

SELECT order_id FROM orders WHERE user_id = 8 ORDER BY order_id LIMIT 2 OFFSET 1;

SELECT status, SUM(total) AS s FROM orders WHERE user_id = 8 GROUP BY status WITH ROLLUP;

SELECT status, SUM(total) AS s FROM orders WHERE user_id = 8 GROUP BY status HAVING s > 10 ORDER BY s;

SELECT order_id, ROW_NUMBER() OVER (ORDER BY total) AS n FROM orders WHERE user_id = 8 ORDER BY order_id;

SELECT name FROM users WHERE user_id = 2 UNION SELECT title FROM products WHERE product_id = 1;

SELECT name FROM users WHERE user_id = 2 FOR UPDATE;

SELECT name FROM users WHERE user_id = 2 LOCK IN SHARE MODE;

SELECT SQL_NO_CACHE name FROM users WHERE user_id = 2;

SELECT HIGH_PRIORITY name FROM users WHERE user_id = 2;

SELECT name FROM users USE INDEX (PRIMARY) WHERE user_id = 2;

SELECT name FROM users FORCE INDEX (by_country) WHERE user_id = 2;

SELECT bio, avatar, flags + 0, HEX(flags) FROM users WHERE user_id = 9;

SELECT born, created_at, seen_at, alarm, mood, tags, rating, score FROM users WHERE user_id IN (9);

-- about: The same, bound.
-- params: 42
SELECT * FROM users WHERE user_id = ?;

-- params: '42'
SELECT name FROM users WHERE user_id = ?;

-- params: 42.0
SELECT name FROM users WHERE user_id = ?;

-- params: 42e0
SELECT name FROM users WHERE user_id = ?;

-- params: 42.5
SELECT name FROM users WHERE user_id = ?;

-- params: NULL
SELECT name FROM users WHERE user_id = ?;

-- params: NULL
SELECT name FROM users WHERE user_id <=> ?;

-- params: -9223372036854775808
SELECT name FROM users WHERE user_id = ?;

-- params: 9223372036854775808
SELECT name FROM users WHERE user_id = ?;

-- params: 3, 'x'
SELECT name, ? AS given FROM users WHERE user_id = 3 AND level < 99 AND 1 <> ?;

-- about: An unsigned key under MOD.
SELECT * FROM tickets WHERE ticket_id = 7;

SELECT * FROM tickets WHERE ticket_id = '7';

SELECT * FROM tickets WHERE ticket_id = 4294967295;

SELECT * FROM tickets WHERE ticket_id = 4294967296;

SELECT * FROM tickets WHERE ticket_id = -1;

SELECT * FROM tickets WHERE ticket_id = 7.0;

-- params: '7'
SELECT * FROM tickets WHERE ticket_id = ?;

-- about: A text key.
SELECT * FROM logins WHERE login = 'alice';

SELECT * FROM logins WHERE login = 'Alice';

SELECT * FROM logins WHERE login = "bob";

SELECT * FROM logins WHERE login = 'al' 'ice';

SELECT * FROM logins WHERE login = 'O''Hara';

SELECT * FROM logins WHERE login = 'O\'Hara';

SELECT * FROM logins WHERE login = 'back\\slash';

SELECT * FROM logins WHERE login = '';

SELECT * FROM logins WHERE login = 'alice   ';

SELECT * FROM logins WHERE login = x'616c696365';

SELECT * FROM logins WHERE login = _utf8mb4'alice';

SELECT * FROM logins WHERE login = N'alice';

-- about: A number beside a text column makes the server compare numbers: 42 and 042 are both found.
-- unordered
SELECT * FROM logins WHERE login = 42;

-- params: 'carol'
SELECT * FROM logins WHERE login = ?;

-- params: x'6361726f6c'
SELECT * FROM logins WHERE login = ?;

-- unordered
-- params: 42
SELECT * FROM logins WHERE login = ?;
