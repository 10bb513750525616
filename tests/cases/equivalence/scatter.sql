-- about: Reads from several shards whose rows only need to be put one after the other.
-- unordered
SELECT * FROM users;

-- unordered
SELECT user_id FROM users;

-- unordered
SELECT user_id, UPPER(name) AS big FROM users WHERE country_code = 'DE';

-- unordered
SELECT * FROM orders WHERE status IN ('new', 'paid');

-- unordered
SELECT o.*, o.total * o.quantity AS worth FROM orders o WHERE o.total > 200;

-- unordered
SELECT name FROM users WHERE country_code = 'XX';

-- unordered
SELECT ALL name FROM users;

-- unordered
SELECT name, CASE WHEN balance > 1000 THEN 'rich' ELSE 'poor' END AS purse FROM users;

-- unordered
SELECT bio, avatar FROM users;

-- unordered
SELECT name FROM users WHERE name = 'ADA';

-- unordered
SELECT name FROM users WHERE email = 'USER1@EXAMPLE.ORG';

-- unordered
SELECT user_id FROM users WHERE born < '1960-01-01';

-- unordered
SELECT 1 FROM users;

-- unordered
SELECT 'a', NULL, 1.5 FROM users WHERE user_id > 0;

-- unordered
SELECT user_id FROM users FOR UPDATE;

-- unordered
-- params: 'FR'
SELECT user_id, name FROM users WHERE country_code = ?;

-- unordered
SELECT title FROM tickets WHERE weight IS NULL;

-- unordered
SELECT * FROM tickets;

-- unordered
SELECT * FROM logins;

-- unordered
SELECT * FROM order_items WHERE note IS NOT NULL;

-- unordered
SELECT user_id FROM users WHERE country_code IN (SELECT code FROM countries WHERE name < 'G');

-- unordered
SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND o.status = 'done');

-- unordered
SELECT u.user_id, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.user_id) AS n FROM users u;

-- unordered
SELECT user_id FROM shop.users WHERE level = 3;

SELECT name FROM users WHERE user_id = 1;
-- unordered
SELECT name FROM users;
SELECT FOUND_ROWS();

-- unordered
SELECT name FROM users WHERE user_id IN (1,2,3,4,5,6,7,8);
SELECT FOUND_ROWS();
SELECT ROW_COUNT();
