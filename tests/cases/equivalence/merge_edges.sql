-- about: Values at the edge of their types, and words that mean the whole answer, over several shards.
SELECT SUM(CAST(REPEAT('9', 65) AS DECIMAL(65,0))) FROM users WHERE user_id < 10;
SELECT AVG(CAST(REPEAT('9', 65) AS DECIMAL(65,0))) FROM users WHERE user_id < 10;
SELECT level, SUM(CAST(REPEAT('9', 65) AS DECIMAL(65,0))) AS s FROM users GROUP BY level HAVING COUNT(*) > 1 ORDER BY s, level;
SELECT SUM(CAST(REPEAT('9', 65) AS DECIMAL(65,0))) + 1, COUNT(*) + 1 FROM users WHERE user_id < 10;

-- about: Sums of 65 digits that have decimals.
SELECT SUM(CAST(CONCAT(REPEAT('9', 35), '.', REPEAT('9', 30)) AS DECIMAL(65,30))) * 1 FROM users WHERE user_id < 10;

-- about: In this mode ROWNUM is a function without parentheses.
-- only: MariaDB
SET sql_mode = 'ORACLE';
SELECT COUNT(*) FROM (SELECT user_id FROM users WHERE ROWNUM <= 3) t;
SELECT ROWNUM FROM users WHERE ROWNUM <= 3;
SELECT 'x' FROM users WHERE rownum < 3;
SELECT "user_id", COUNT(*) FROM users WHERE user_id = 3 AND ROWNUM = 1 GROUP BY user_id;

-- about: In all others it is a name.
-- only: MariaDB
SELECT level AS rownum FROM users ORDER BY rownum, user_id;
SELECT COUNT(*) FROM (SELECT user_id FROM users WHERE ROWNUM() <= 3) t;

-- about: Equal texts that the server does not sort as equal.
SELECT user_id FROM users ORDER BY CAST(IF(user_id % 2, 'a', 'a ') AS CHAR CHARACTER SET latin1) COLLATE latin1_bin, user_id;
SELECT user_id FROM users ORDER BY CAST(IF(user_id % 2, 'a', 'a ') AS CHAR CHARACTER SET latin1) COLLATE latin1_bin DESC, user_id LIMIT 5;
SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY UPPER(CAST(IF(level % 2, 'a', 'a ') AS CHAR CHARACTER SET ascii) COLLATE ascii_bin), level;
SELECT word_id FROM words ORDER BY UPPER(latin COLLATE latin1_bin), word_id;
SELECT user_id FROM users ORDER BY UPPER(CAST(IF(user_id % 2, 'a', 'a ') AS CHAR CHARACTER SET latin1) COLLATE latin1_swedish_nopad_ci), user_id;
SELECT user_id FROM users ORDER BY UPPER(CAST(ELT(user_id % 4 + 1, 'a', 'a\t', 'a ', 'a.') AS CHAR CHARACTER SET ucs2) COLLATE ucs2_bin), user_id;
SELECT word_id FROM words ORDER BY UPPER(binary_text), word_id;

-- about: Characters that sort before a blank.
-- only: MariaDB
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING utf8mb4) COLLATE utf8mb4_general_nopad_ci, user_id;
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_general_ci, user_id;
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_estonian_cs DESC, user_id LIMIT 7;

-- only: MySQL
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_general_ci, user_id;

-- about: names that are written as strings are no values
SELECT * FROM (SELECT user_id AS 'a', level AS 'b' FROM users) d WHERE d.a = 2;
SELECT * FROM (SELECT user_id AS 'b', level AS 'a' FROM users) d WHERE d.a = 2 ORDER BY b;
SELECT level AS 'z', name AS 'y', user_id FROM users ORDER BY y, z, user_id LIMIT 9;
SELECT level AS 'y', name AS 'z', user_id FROM users ORDER BY y, z, user_id LIMIT 9;
SELECT COUNT(*) AS 'q', SUM(user_id) AS 'r' FROM users GROUP BY level ORDER BY q DESC, r;
SELECT COUNT(*) AS 'r', SUM(user_id) AS 'q' FROM users GROUP BY level ORDER BY q DESC, r;

-- about: expressions that differ in a literal alone are different expressions
SELECT SUM(CASE WHEN level = 1 THEN 1 END), SUM(CASE WHEN level = 2 THEN 1 END), country_code FROM users GROUP BY country_code
  ORDER BY SUM(CASE WHEN level = 2 THEN 1 END), country_code;
SELECT SUM(CASE WHEN level = 1 THEN 1 END), SUM(CASE WHEN level = 2 THEN 1 END), country_code FROM users GROUP BY country_code
  ORDER BY SUM(CASE WHEN level = 1 THEN 1 END), country_code;
SELECT MOD(user_id, 2), SUM(MOD(user_id, 2)), SUM(MOD(user_id, 3)) FROM users GROUP BY MOD(user_id, 2) ORDER BY SUM(MOD(user_id, 3)), 1;
SELECT MOD(user_id, 2), SUM(MOD(user_id, 3)), SUM(MOD(user_id, 2)) FROM users GROUP BY MOD(user_id, 2) ORDER BY SUM(MOD(user_id, 3)), 1;
SELECT COUNT(*) FROM users GROUP BY MOD(user_id, 3) ORDER BY mod(user_id, 3);
SELECT COUNT(*) FROM users GROUP BY MOD(user_id, 4) ORDER BY mod(user_id, 4);

-- about: places that are no plain numbers
SELECT level, user_id FROM users ORDER BY (1), user_id LIMIT 9;
SELECT level, user_id FROM users ORDER BY +1, user_id LIMIT 9;
SELECT level, user_id FROM users ORDER BY ((1)) DESC, (2) LIMIT 9;
SELECT level, user_id FROM users ORDER BY TRUE, user_id LIMIT 9;
-- unordered
SELECT level, COUNT(*) FROM users GROUP BY (1);
-- unordered
SELECT level, COUNT(*) FROM users GROUP BY +1;
-- unordered
SELECT level, COUNT(DISTINCT country_code) FROM users GROUP BY (1) HAVING COUNT(*) > 1;
SELECT COUNT(*) FROM (SELECT level, COUNT(*) FROM users GROUP BY (1)) d;
SELECT level FROM users WHERE user_id < 9 UNION ALL SELECT weight FROM tickets WHERE ticket_id < 9 ORDER BY (1) LIMIT 5;
-- prepared
-- params: 1
SELECT level, user_id FROM users ORDER BY ?, user_id LIMIT 9;

-- about: two parameters are two values
-- prepared
-- params: 1, 2, 2
SELECT SUM(level = ?), SUM(level = ?), country_code FROM users GROUP BY country_code ORDER BY SUM(level = ?), country_code;
