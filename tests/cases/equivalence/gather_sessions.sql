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
