-- about: what several shards read is of one moment
SELECT COUNT(*) FROM users GROUP BY NOW(6);
SELECT COUNT(*) FROM (SELECT DISTINCT UTC_TIMESTAMP(6) x FROM users) q;
SELECT COUNT(DISTINCT CURRENT_TIMESTAMP(6)), COUNT(DISTINCT LOCALTIMESTAMP(6)), COUNT(DISTINCT CURTIME(6)) FROM orders;
SELECT MIN(NOW(6)) = MAX(NOW(6)), MIN(UNIX_TIMESTAMP(NOW(6))) = MAX(UNIX_TIMESTAMP(NOW(6))) FROM users;
SELECT COUNT(*) FROM (SELECT NOW(6) x FROM users UNION SELECT NOW(6) FROM orders) q;
SELECT COUNT(*) FROM users u JOIN (SELECT MAX(NOW(6)) x FROM orders) q ON q.x = NOW(6);
SELECT (SELECT MAX(NOW(6)) FROM users) = (SELECT MIN(NOW(6)) FROM orders);

-- about: which passes, also in a transaction
BEGIN;
SELECT COUNT(*) FROM users GROUP BY NOW(6);
SELECT MAX(NOW(6)) INTO @t FROM users;
SELECT NOW(6) > @t FROM users WHERE user_id = 3;
SELECT MIN(NOW(6)) > @t FROM users;
SELECT SYSDATE(6) > @t, @@timestamp > UNIX_TIMESTAMP(@t) FROM users WHERE user_id = 4;
COMMIT;
SELECT NOW(6) > @t FROM users WHERE user_id = 3;

-- about: or the one that the client has set
SET timestamp = 1700000000.5, time_zone = '+00:00';
SELECT NOW(6), COUNT(*) FROM users GROUP BY 1;
SELECT DISTINCT UNIX_TIMESTAMP(), CURDATE() FROM orders;
SET timestamp = DEFAULT;
SELECT MAX(NOW()) > '2025-01-01' FROM users;
