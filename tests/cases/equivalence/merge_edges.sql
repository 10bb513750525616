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
