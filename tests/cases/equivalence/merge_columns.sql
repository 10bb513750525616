-- about: How columns are described where no row is wanted, or where a parameter is part of an aggregate.
SELECT DISTINCT REPEAT(avatar, 2) AS x FROM users LIMIT 0;

SELECT DISTINCT mood, name FROM users LIMIT 0 OFFSET 3;

SELECT user_id, YEAR(bio) AS x FROM users ORDER BY user_id LIMIT 0 OFFSET 5;

SELECT level, COUNT(*) FROM users GROUP BY level ORDER BY level LIMIT 0;

SELECT SQL_CALC_FOUND_ROWS user_id FROM users ORDER BY user_id LIMIT 0 OFFSET 2;
SELECT FOUND_ROWS();

SELECT user_id FROM users UNION SELECT level FROM users ORDER BY 1 LIMIT 0 OFFSET 2;

-- only: MariaDB
-- params: 2
-- params: NULL
SELECT COUNT(*) + 1, SUM(COALESCE(level, ?)) FROM users;

-- params: 7
SELECT level, MAX(level + ?) FROM users GROUP BY level HAVING COUNT(*) > 1 ORDER BY level;

-- params: 7
SELECT level, COUNT(level + ?) FROM users GROUP BY level HAVING COUNT(*) > 1 ORDER BY level;
