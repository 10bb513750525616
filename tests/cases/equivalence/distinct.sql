-- about: DISTINCT over several shards.
SELECT DISTINCT country_code FROM users ORDER BY country_code;

-- unordered
SELECT DISTINCT country_code FROM users;

SELECT DISTINCT country_code, level FROM users ORDER BY level, country_code;

SELECT DISTINCT level FROM users ORDER BY level DESC LIMIT 2;

SELECT DISTINCT level FROM users ORDER BY level LIMIT 1, 2;
SELECT FOUND_ROWS();

-- ignore: flags
SELECT DISTINCT level, country_code FROM users ORDER BY level LIMIT 0;

SELECT DISTINCT mood FROM users ORDER BY mood;

SELECT DISTINCT tags FROM users ORDER BY tags DESC;

SELECT DISTINCT rating FROM users ORDER BY rating;

SELECT DISTINCT seen_at FROM users ORDER BY 1;

SELECT DISTINCT born FROM users ORDER BY born LIMIT 5;

-- unordered
SELECT DISTINCT YEAR(created_at), level FROM users;

SELECT DISTINCT LENGTH(name) AS n FROM users ORDER BY n;

SELECT DISTINCT status FROM orders ORDER BY status;

-- unordered
SELECT DISTINCT o.status, u.country_code FROM users u JOIN orders o ON o.user_id = u.user_id;

SELECT DISTINCT email FROM users ORDER BY email;

SELECT DISTINCT 1, level FROM users ORDER BY level;

SELECT DISTINCT weight FROM tickets ORDER BY weight;

-- params: 2
SELECT DISTINCT level % ? AS rest FROM users ORDER BY rest;

SELECT DISTINCT note FROM order_items ORDER BY note;

SELECT DISTINCT avatar FROM users ORDER BY avatar LIMIT 4;

-- ignore: flags
SELECT DISTINCTROW country_code FROM users ORDER BY country_code DESC LIMIT 2;
