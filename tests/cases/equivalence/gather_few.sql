-- about: Queries within others of which few rows of each shard are enough: EXISTS, and LIMIT with an order or without.
SELECT EXISTS (SELECT * FROM users WHERE balance > 1000), EXISTS (SELECT * FROM users WHERE balance > 100000000), NOT EXISTS (SELECT 1 FROM tickets);

SELECT CASE WHEN EXISTS (SELECT 1 FROM tickets t WHERE t.weight > 2) THEN 'some' ELSE 'none' END AS what;

SELECT COUNT(*) FROM (SELECT 1 FROM users LIMIT 7) q;

SELECT COUNT(*) FROM (SELECT user_id FROM users u WHERE u.user_id > 3 AND u.level IS NOT NULL LIMIT 1000000) q;

SELECT COUNT(*), (SELECT COUNT(*) FROM (SELECT 1 FROM tickets LIMIT 3 OFFSET 2) r) FROM (SELECT 1 FROM users LIMIT 2, 3) q;

(SELECT user_id AS id, balance AS n FROM users ORDER BY balance DESC, user_id LIMIT 3) UNION ALL (SELECT ticket_id, weight FROM tickets ORDER BY weight, ticket_id DESC LIMIT 3 OFFSET 2);

SELECT IFNULL((SELECT ticket_id FROM tickets ORDER BY ticket_id DESC LIMIT 1), 0) + 1;

SELECT user_id FROM users WHERE user_id = (SELECT ticket_id FROM tickets WHERE weight > 1 ORDER BY tickets.ticket_id LIMIT 1 OFFSET 1);

-- about: The name that is sorted by is the select list's.
SELECT * FROM (SELECT user_id AS balance FROM users ORDER BY balance LIMIT 3) q ORDER BY 1;

SELECT * FROM (SELECT users.user_id AS balance FROM users ORDER BY users.balance, user_id LIMIT 3) q ORDER BY 1;

SELECT * FROM (SELECT user_id, ROW_NUMBER() OVER (ORDER BY user_id DESC) n FROM users ORDER BY user_id LIMIT 3) q ORDER BY 1;

SELECT * FROM (SELECT DISTINCT level FROM users ORDER BY level LIMIT 3) q ORDER BY 1;

SELECT (SELECT MAX(balance) FROM users LIMIT 1), (SELECT COUNT(*) FROM tickets ORDER BY 1 LIMIT 1);

WITH few AS (SELECT user_id, name FROM users ORDER BY user_id LIMIT 4) SELECT * FROM few WHERE user_id > (SELECT MIN(ticket_id) FROM tickets) ORDER BY 1;

WITH few AS (SELECT user_id FROM users ORDER BY user_id LIMIT 4) SELECT a.user_id, b.user_id FROM few a JOIN few b ON b.user_id = a.user_id + 1 ORDER BY 1, 2;

SELECT u.user_id, EXISTS (SELECT 1 FROM tickets t WHERE t.ticket_id = u.level) FROM users u ORDER BY u.user_id;

SELECT u.user_id, (SELECT t.title FROM tickets t WHERE t.ticket_id >= u.level ORDER BY t.ticket_id LIMIT 1) FROM users u ORDER BY u.user_id;

-- about: Conditions that are left to the statement over all rows.
SET @w = 2;
SELECT EXISTS (SELECT 1 FROM tickets WHERE weight > @w AND ticket_id > 0), COUNT(*) FROM (SELECT 1 FROM users WHERE balance > RAND() - 2 LIMIT 5) q;

SELECT EXISTS (SELECT 1 FROM users WHERE name > 5 AND user_id < 3) x, EXISTS (SELECT 1 FROM tickets WHERE weight / 0 > 1 LIMIT 1) y;
