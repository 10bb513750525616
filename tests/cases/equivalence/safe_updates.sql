-- about: Rows of several shards that LIMIT leaves are no more than safe updates allow.
SET sql_safe_updates = 1;
DELETE FROM tickets WHERE weight > 0 ORDER BY ticket_id LIMIT 2;
UPDATE tickets SET title = 'safe' WHERE weight > 0 ORDER BY ticket_id LIMIT 3;
SELECT COUNT(*) FROM tickets WHERE title = 'safe';
