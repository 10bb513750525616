-- about: IN, OR, row constructors, ranges, contradictions.
SELECT name FROM users WHERE user_id IN (5);

-- unordered
SELECT * FROM users WHERE user_id IN (1, 2, 3);

-- unordered
SELECT name FROM users WHERE user_id IN (1, '2', 3.0, NULL);

-- unordered
SELECT name FROM users WHERE user_id IN (1, 1, 1, 2);

-- unordered
SELECT name FROM users WHERE user_id IN (1, 999999);

SELECT name FROM users WHERE user_id IN (999999);

-- unordered
SELECT name FROM users WHERE user_id IN (1, 2, 3) AND level > 2;

-- unordered
-- params: 3, 4, 5
SELECT name FROM users WHERE user_id IN (?, ?, ?);

-- unordered
-- params: '3', NULL, 5.0
SELECT name FROM users WHERE user_id IN (?, ?, ?);

-- unordered
SELECT name FROM users WHERE user_id = 1 OR user_id = 2;

-- unordered
SELECT name FROM users WHERE user_id = 1 OR user_id = 2 OR user_id IN (3, 4);

-- unordered
SELECT name FROM users WHERE user_id = 1 || user_id = 2;

SELECT name FROM users WHERE user_id = 1 && level = 1;

-- unordered
SELECT name FROM users WHERE user_id = 1 OR name = 'Zoë';

-- unordered
SELECT name FROM users WHERE user_id = 1 XOR user_id = 2;

-- unordered
SELECT name FROM users WHERE (user_id = 1 OR user_id = 2) AND (user_id = 2 OR user_id = 3);

SELECT name FROM users WHERE user_id = 1 AND user_id = 2;

SELECT * FROM users WHERE user_id = 1 AND user_id = 2;

SELECT COUNT(*) FROM users WHERE user_id = 1 AND user_id = 2;

SELECT name FROM users WHERE user_id IN (1, 2) AND user_id IN (3, 4);

SELECT name FROM users WHERE user_id IN (1, 2) AND user_id IN (2, 4);

SELECT * FROM users WHERE 1 = 0;

SELECT * FROM users WHERE FALSE;

SELECT name FROM users WHERE user_id = 1 AND FALSE;

-- unordered
SELECT name FROM users WHERE NOT user_id = 1;

-- unordered
SELECT name FROM users WHERE user_id <> 1;

-- unordered
SELECT name FROM users WHERE user_id != 1 AND user_id != 2;

-- unordered
SELECT name FROM users WHERE user_id NOT IN (1, 2, 3);

SELECT name FROM users WHERE NOT (user_id <> 4);

-- unordered
SELECT name FROM users WHERE user_id > 15;

-- unordered
SELECT name FROM users WHERE user_id >= 3 AND user_id < 6;

-- unordered
SELECT name FROM users WHERE user_id BETWEEN 3 AND 6;

-- unordered
SELECT name FROM users WHERE user_id BETWEEN 3 AND 3;

SELECT name FROM users WHERE user_id BETWEEN 6 AND 3;

-- unordered
SELECT name FROM users WHERE user_id NOT BETWEEN 3 AND 1000;

-- unordered
-- params: 3, 6
SELECT name FROM users WHERE user_id BETWEEN ? AND ?;

-- unordered
SELECT name FROM users WHERE user_id BETWEEN 1 AND 4 AND user_id IN (3, 5);

SELECT order_id, total FROM orders WHERE (user_id, order_id) = (4, 2);

-- unordered
SELECT user_id, order_id, total FROM orders WHERE (user_id, order_id) IN ((4, 2), (8, 1), (12, 3));

-- unordered
SELECT user_id, order_id FROM orders WHERE (order_id, user_id) IN ((2, 4), (1, 8));

-- unordered
SELECT user_id, order_id FROM orders WHERE (user_id, order_id) > (8, 1);

-- unordered
-- params: 4, 2, 8, 1
SELECT user_id, order_id, total FROM orders WHERE (user_id, order_id) IN ((?, ?), (?, ?));

-- unordered
SELECT name FROM users WHERE user_id + 0 = 3;

-- unordered
SELECT name FROM users WHERE ABS(user_id % 100) = 7;

-- unordered
SELECT name FROM users WHERE user_id = level;

-- unordered
SELECT name FROM users WHERE user_id LIKE '4%';

-- unordered
SELECT name FROM users WHERE BINARY user_id = '4';

-- unordered
SELECT name FROM users WHERE CAST(user_id AS CHAR) = '4';

-- unordered
SELECT name FROM users WHERE user_id = 3 IS TRUE;

-- unordered
SELECT name FROM users WHERE user_id = 3 = 0;

-- unordered
SELECT name FROM users WHERE user_id = 3 IS NOT TRUE;

-- unordered
SELECT name FROM users WHERE CASE WHEN user_id = 3 THEN 0 ELSE level = 1 END;

-- unordered
SELECT name FROM users WHERE IF(user_id = 3, 0, level = 2);

-- unordered
SELECT name FROM users WHERE user_id = 3 OR 1 = 1;

-- unordered
SELECT name FROM users WHERE user_id = 3 OR NULL;

-- unordered
SELECT name FROM users WHERE ! (user_id = 3);

-- unordered
SELECT name FROM users WHERE ! user_id = 3;

-- unordered
SELECT name FROM users WHERE user_id = 4 | 3;

SELECT name FROM users WHERE user_id = 3 AND name LIKE 'C%' = 1;

SELECT name FROM users WHERE user_id = ALL (SELECT 3);

-- unordered
SELECT name FROM users WHERE COALESCE(user_id, 3) = 3;

-- unordered
SELECT login FROM logins WHERE login IN ('alice', 'bob', 'nobody');

-- unordered
SELECT login FROM logins WHERE login = _ascii'alice' COLLATE ascii_general_ci;

-- unordered
SELECT login FROM logins WHERE login LIKE 'alice';

-- unordered
SELECT login FROM logins WHERE LOWER(login) = 'alice';

-- unordered
SELECT login FROM logins WHERE login > 'c';

-- unordered
SELECT ticket_id FROM tickets WHERE ticket_id IN (1, 5, 9, 13);

-- unordered
SELECT ticket_id FROM tickets WHERE ticket_id % 4 = 1;

-- unordered
SELECT ticket_id FROM tickets WHERE ticket_id MOD 4 = 1;

-- unordered
SELECT ticket_id FROM tickets WHERE ticket_id DIV 4 = 1;

-- about: Precedence and shapes on which a reader of SQL stumbles.
-- unordered
SELECT name FROM users WHERE user_id = 1 OR user_id = 2 AND level = 99;

-- unordered
SELECT name FROM users WHERE (user_id = 1 OR user_id = 2) AND level < 99;

-- unordered
SELECT name FROM users WHERE NOT user_id = 1 AND user_id = 2;

-- unordered
SELECT name FROM users WHERE NOT (user_id = 1 OR user_id <> 1);

-- unordered
SELECT name FROM users WHERE user_id = 1 = 1;

-- unordered
SELECT name FROM users WHERE user_id = (1) IS NULL;

-- unordered
SELECT name FROM users WHERE user_id IN (1, level + 1);

-- unordered
SELECT name FROM users WHERE user_id IN (1, NULL) OR user_id IS NULL;

-- unordered
SELECT name FROM users WHERE user_id <=> 1 OR user_id <=> NULL;

-- unordered
SELECT name FROM users WHERE (user_id, level) IN ((1, 1), (2, 2), (3, 99));

-- unordered
SELECT name FROM users WHERE (user_id = 1) + (user_id = 2);

-- unordered
SELECT name FROM users WHERE user_id = 1 | user_id = 2;

-- unordered
SELECT name FROM users WHERE -user_id = -3;

-- unordered
SELECT name FROM users WHERE user_id = ~-4;

-- unordered
SELECT name FROM users WHERE user_id BETWEEN 1 AND 2 OR user_id = 42;

-- unordered
SELECT name FROM users WHERE user_id = 1 UNION ALL SELECT name FROM users WHERE user_id = 1;

-- unordered
SELECT name FROM users AS users2 WHERE users2.user_id = 3;

-- unordered
SELECT o.order_id FROM orders o WHERE o.user_id = 8 AND o.user_id IN (SELECT 8);

-- unordered
SELECT user_id AS level, level AS user_id FROM users WHERE user_id = 3;

SELECT level AS user_id FROM users WHERE user_id = 3 HAVING user_id = 3;

-- unordered
SELECT name FROM (SELECT user_id AS x, level AS user_id, name FROM users WHERE user_id = 3) t WHERE user_id = 3;

-- unordered
SELECT t.name FROM countries c JOIN users t ON t.user_id = 3 AND c.code = 'DE';

-- unordered
SELECT name FROM users WHERE user_id = 3 AND (user_id = 3 OR user_id = 4);

-- unordered
SELECT name FROM users WHERE user_id = 1e0 OR user_id = '2' OR user_id = 3.0;

-- unordered
SELECT name FROM users WHERE user_id IN ('1', 2);

-- about: A server warns for each row that it compares, and ShardGate asks fewer shards.
-- unordered
-- ignore: warnings
SELECT name FROM users WHERE user_id IN ('1', '2x', 3);

-- unordered
SELECT login FROM logins WHERE login IN (42, 'alice');

-- unordered
SELECT login FROM logins WHERE login = 'ALICE' OR login = 'alice ';

-- unordered
SELECT login FROM logins WHERE login BETWEEN 'alice' AND 'alice';

-- unordered
SELECT login FROM logins WHERE login = BINARY 'alice';

-- unordered
SELECT login FROM logins WHERE login = CONCAT('ali', 'ce');

-- unordered
SELECT login FROM logins WHERE login = 0x616c696365;

-- unordered
SELECT login FROM logins WHERE login = 'straße';
