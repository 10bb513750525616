-- about: what ShardGate itself deletes in temporary tables is no delete without a key
SET sql_safe_updates = 1;
DELETE FROM tickets WHERE weight > 1 ORDER BY ticket_id LIMIT 2;
UPDATE tickets SET weight = 7 WHERE weight > 1 ORDER BY ticket_id LIMIT 2;
SELECT ticket_id, weight FROM tickets ORDER BY ticket_id;

SET sql_safe_updates = 1;
-- error-only
DELETE FROM tickets WHERE weight > 1;
