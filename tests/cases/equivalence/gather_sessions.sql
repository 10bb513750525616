-- about: what a session has said, for statements whose rows are brought together

-- about: the next transaction
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
SELECT COUNT(*) FROM users a JOIN tickets b ON a.level = b.weight;
SELECT COUNT(*) FROM users a JOIN tickets b ON a.level = b.weight;
SET TRANSACTION READ ONLY;
SELECT COUNT(*) FROM users a JOIN tickets b ON a.level = b.weight;
-- text
INSERT INTO tickets (ticket_id, title) VALUES (900, 'x');
SET TRANSACTION READ ONLY;
-- text
INSERT INTO tickets (ticket_id, title) VALUES (901, 'x');
BEGIN;
SELECT COUNT(*), UUID() IS NULL FROM users a JOIN tickets b ON a.level = b.weight;
COMMIT;

-- about: files
-- error-only
SELECT a.user_id FROM users a JOIN tickets b ON a.level = b.weight INTO OUTFILE '/tmp/nowhere/x';
-- error-only
SELECT user_id FROM users INTO OUTFILE '/tmp/nowhere/x';
SELECT COUNT(*) FROM users a JOIN tickets b ON a.level = b.weight INTO @n;
-- text
SELECT @n;

-- about: A gathered read does not end the transaction of a client that never commits by itself.
SET autocommit = 0;
CREATE TEMPORARY TABLE wanted (id BIGINT PRIMARY KEY);
INSERT INTO wanted VALUES (1), (2), (3);
INSERT INTO settings (id, name) VALUES (971, 'not kept');
INSERT INTO users (user_id, name) VALUES (5801, 'not kept'), (5802, 'not kept'), (5803, 'not kept');
SELECT COUNT(*), SUM(users.level) FROM users JOIN wanted ON users.user_id = wanted.id;
-- ignore on MySQL: warnings
ROLLBACK;
SELECT COUNT(*) FROM settings WHERE id = 971;
SELECT COUNT(*) FROM users WHERE user_id BETWEEN 5801 AND 5803;
COMMIT;

SET autocommit = 0;
CREATE TEMPORARY TABLE wanted (id BIGINT PRIMARY KEY);
INSERT INTO wanted VALUES (1), (2), (3);
INSERT INTO settings (id, name) VALUES (972, 'not kept');
UPDATE users SET name = 'not kept' WHERE user_id IN (SELECT id FROM wanted) ORDER BY user_id LIMIT 1;
-- ignore on MySQL: warnings
ROLLBACK;
SELECT COUNT(*) FROM settings WHERE id = 972;
SELECT COUNT(*) FROM users WHERE name = 'not kept';
COMMIT;

-- about: Definitions are read with quotes, whatever the session shows.
SET sql_quote_show_create = 0;
SELECT s.sample_id, JSON_OBJECT('d', s.doc) FROM samples s JOIN users u ON u.user_id = s.sample_id + 1 ORDER BY s.sample_id;
UPDATE samples s JOIN users u ON u.user_id = s.sample_id + 1 SET s.varied = u.name;
SELECT sample_id, varied FROM samples ORDER BY sample_id;

-- about: The sign of zero.
UPDATE samples SET single = 0, twice = 0 WHERE sample_id < 4;
UPDATE samples SET single = single * -1e0, twice = twice * -1e0 WHERE sample_id < 4;
SELECT s.sample_id, s.single, s.twice FROM samples s JOIN users u ON u.user_id = s.sample_id + 1 WHERE s.sample_id < 4 ORDER BY s.sample_id;
