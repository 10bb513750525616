-- about: UPDATE IGNORE of rows that move, or meet rows of other shards when they are written back.
-- natural key
UPDATE IGNORE logins SET login = 'bob' WHERE login = 'alice';
SHOW WARNINGS;

-- natural key
UPDATE IGNORE logins SET login = CONCAT(login, 'x'), attempts = attempts + 1;

-- natural key
UPDATE IGNORE tickets SET ticket_id = ticket_id + 1 WHERE ticket_id < 4;
SELECT ROW_COUNT();

-- natural key
UPDATE IGNORE tickets SET ticket_id = ticket_id + 1 ORDER BY ticket_id DESC;

-- natural key
UPDATE IGNORE tickets SET ticket_id = 3 ORDER BY ticket_id LIMIT 2;
SHOW COUNT(*) WARNINGS;

-- natural key
BEGIN;
UPDATE IGNORE tickets SET ticket_id = 2 WHERE ticket_id = 1;
UPDATE tickets SET title = 'kept' WHERE ticket_id = 1;
COMMIT;
SELECT ticket_id, title FROM tickets WHERE ticket_id < 4 ORDER BY ticket_id;

-- natural key
-- params: 2, 1
UPDATE IGNORE tickets SET ticket_id = ? WHERE ticket_id = ?;
