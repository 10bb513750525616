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
SELECT word_id FROM words ORDER BY UPPER(binary_text), word_id;

-- about: Characters that sort before a blank.
-- only: MariaDB
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING utf8mb4) COLLATE utf8mb4_general_nopad_ci, user_id;
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_general_ci, user_id;
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_estonian_cs DESC, user_id LIMIT 7;

-- only: MySQL
SELECT user_id FROM users ORDER BY CONVERT(ELT(user_id % 4 + 1, 'a', 'a	', 'a ', 'a.') USING latin7) COLLATE latin7_general_ci, user_id;
