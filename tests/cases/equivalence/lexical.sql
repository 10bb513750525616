-- about: MySQL's lexical rules: comments, quoting, introducers, several bytes a character.
SELECT /* a comment */ name FROM users /* another */ WHERE user_id = /* third */ 3;

/* leading */ SELECT name FROM users WHERE user_id = 3;

/* leading 'quote */ SELECT name FROM users WHERE user_id = 3 /* trailing " */;

# a line comment
SELECT name FROM users WHERE user_id = 3;

SELECT name -- the name
FROM users # the users
WHERE user_id = 3;

SELECT name FROM users WHERE user_id = 5--2;

SELECT name FROM users WHERE user_id = 5 -- 2
;

/*! SELECT */ name FROM users WHERE user_id = 3;

SELECT /*! name */ FROM users WHERE user_id = 3;

SELECT /*!50000 name, */ level FROM users WHERE user_id = 3;

SELECT /*!99999 name, */ level FROM users WHERE user_id = 3;

SELECT /*M! name, */ level FROM users WHERE user_id = 3;

SELECT name FROM users WHERE user_id = 3 /*! AND level = 99 */;

SELECT name FROM users WHERE user_id = /*!50000 4 */ /*!99999 + 1 */;

/*!40101 SET NAMES utf8mb4 */;
SELECT 1;

SELECT /*+ MAX_EXECUTION_TIME(1000) */ name FROM users WHERE user_id = 3;

   SELECT name FROM users WHERE user_id = 3;

SELECT	name	FROM	users	WHERE	user_id=3;

select NAME from users where USER_ID=3;

SELECT name FROM users WHERE user_id=3;

SELECT name FROM users WHERE user_id IN(3);

SELECT 'it''s', "say ""hi""", 'a\nb', 'tab\t', 'nul\0x', 'pct\%\_', 'z\Z';

SELECT 'a' 'b' "c";

SELECT 'a'
'b';

SELECT '/* not a comment */', "-- nor this", '# nor this';

SELECT 'WHERE user_id = 1' AS t, name FROM users WHERE user_id = 3;

SELECT `name` AS `select` FROM `users` WHERE `user_id` = 3;

SELECT name AS `back``tick` FROM users WHERE user_id = 3;

SELECT name AS 'single', level AS "double" FROM users WHERE user_id = 3;

SELECT name n FROM users WHERE user_id = 3;

SELECT _utf8mb4'é', _latin1 x'e9', _binary'abc', N'né', X'4D', 0x4D, B'1000001', 0b1000001;

SELECT CHARSET(_latin1'a'), CHARSET('a'), COLLATION(_utf8mb4'a' COLLATE utf8mb4_bin);

SELECT 1e3, 1.5e-2, .5, 5., 1E+2, 0.10, 00012, 123456789012345678901234567890;

SELECT -1, - 1, +1, -(-1), 1-1, 1 -1, 1--1;

SELECT 10/4, 10 DIV 4, 10 % 4, 10 MOD 4, 1 << 3, 5 & 4, 5 | 2, 5 ^ 1, ~0;

SELECT 1 = 1, 1 <=> NULL, 1 <> 2, 1 != 2, 1 < 2, NOT 1, ! 1;

SELECT 'a' LIKE 'A', 'a' LIKE BINARY 'A', 'a_b' LIKE 'a\_b', 'x' REGEXP '^x$', 'a' RLIKE 'b';

SELECT name FROM users WHERE user_id = 4 AND name = '李雷';

SELECT '李雷', '🚀', 'Ł' AS `ł`;

SELECT user_id FROM users WHERE user_id = 12 AND name = 'Grace 🚀';

INSERT INTO users (user_id, name, bio) VALUES (950, 'Zoë 🚀', 'línea\nsecond');
SELECT name, bio, HEX(name) FROM users WHERE user_id = 950;

-- params: '李雷', 4
SELECT user_id, ? AS n FROM users WHERE user_id = ?;

SELECT name FROM users WHERE user_id = 3 AND bio LIKE '%number%' ESCAPE '!';

SELECT INTERVAL(3, 1, 2, 4), DATE_ADD('2024-01-31', INTERVAL 1 MONTH), EXTRACT(YEAR FROM '2024-01-31');

SELECT TRIM(BOTH 'x' FROM 'xax'), SUBSTRING('abc' FROM 2 FOR 1), POSITION('b' IN 'abc');

SELECT IF(1, 'a', 'b'), IFNULL(NULL, 1), NULLIF(1, 1), CASE 1 WHEN 1 THEN 'x' END;

SELECT name FROM users WHERE user_id = 3
LIMIT 1;

(SELECT name FROM users WHERE user_id = 3);

(SELECT name FROM users WHERE user_id = 3) UNION ALL (SELECT name FROM users WHERE user_id = 3);

SELECT DATE '2024-01-01', TIME '10:00:00', TIMESTAMP '2024-01-01 10:00:00';

SELECT {d '2024-01-01'};

SELECT COUNT(*) FROM users WHERE user_id = 3;

SELECT COUNT( * ) , user_id+1 , user_id + 1 FROM users WHERE user_id = 3;

SELECT NOW() > '2000-01-01', CURDATE() > '2000-01-01', SYSDATE() > '2000-01-01';

SELECT 1 AS `order`, 2 AS `users`, 3 AS user_id;

TABLE countries;

VALUES (1, 2), (3, 4);
