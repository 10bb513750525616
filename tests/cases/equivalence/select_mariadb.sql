-- about: What only MariaDB has.
-- only: MariaDB
SELECT user_id FROM users ORDER BY user_id FETCH FIRST 3 ROWS ONLY;

-- only: MariaDB
SELECT user_id, level FROM users ORDER BY level OFFSET 2 ROWS FETCH NEXT 4 ROWS WITH TIES;

-- only: MariaDB
SELECT s.seq, COUNT(u.user_id) FROM seq_1_to_6 s LEFT JOIN users u ON u.level = s.seq GROUP BY s.seq ORDER BY s.seq;

-- only: MariaDB
SELECT COUNT(*) FROM seq_1_to_10_step_3 JOIN tickets ON weight > seq;

-- only: MariaDB
SELECT level FROM users INTERSECT ALL SELECT quantity FROM orders ORDER BY 1;

-- only: MariaDB
SELECT v.* FROM (VALUES (1, 'a'), (2, 'b')) v JOIN users u ON u.level = v.`1` ORDER BY u.user_id;

-- only: MariaDB
SELECT user_id FROM users WHERE level IN (VALUES (1), (3)) ORDER BY user_id;

-- only: MariaDB
SELECT MEDIAN(balance) OVER (PARTITION BY level) AS m, user_id FROM users ORDER BY user_id;

-- only: MariaDB
SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY balance) OVER (PARTITION BY level) AS m, user_id FROM users ORDER BY user_id;

-- only: MariaDB
SELECT GROUP_CONCAT(name ORDER BY user_id LIMIT 2) AS some FROM users;

-- only: MariaDB
WITH RECURSIVE up (id, next) AS (SELECT ticket_id, weight FROM tickets WHERE ticket_id = 1 UNION ALL SELECT t.ticket_id, t.weight FROM up JOIN tickets t ON t.ticket_id = up.next) CYCLE id RESTRICT SELECT id FROM up ORDER BY id;

-- only: MariaDB
SELECT s.sample_id, j.v FROM samples s, JSON_TABLE(JSON_ARRAY(s.tiny, s.small), '$[*]' COLUMNS (v INT PATH '$')) AS j ORDER BY s.sample_id, j.v;

-- only: MariaDB
SELECT SQL_NO_CACHE u.user_id FROM users u USE INDEX (PRIMARY) JOIN tickets t IGNORE INDEX (PRIMARY) ON t.weight = u.user_id ORDER BY 1;

-- only: MariaDB
SELECT user_id, COUNT(*) OVER w AS n FROM users WINDOW w AS (PARTITION BY level ORDER BY user_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) ORDER BY user_id;
