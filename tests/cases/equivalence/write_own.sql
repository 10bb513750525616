-- about: rows that depend on those before them in the same INSERT
-- refused: 1235
INSERT INTO tickets (ticket_id, title) VALUES ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'a'), ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'b');
INSERT INTO tickets (ticket_id, title) VALUES ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'a');
INSERT INTO tickets (ticket_id, title) VALUES (9101, (SELECT MAX(u.name) FROM users u)), (9102, (SELECT MIN(u.name) FROM users u));
SELECT COUNT(*) FROM tickets;

-- about: MySQL lets rows read their table under another name only.
-- only: MySQL
INSERT INTO tickets (ticket_id, title) VALUES ((SELECT MAX(ticket_id) + 1 FROM tickets), 'a');
INSERT INTO tickets (ticket_id, title) VALUES (9001, (SELECT MAX(title) FROM tickets));
INSERT INTO tickets (ticket_id, title) VALUES (9001, (SELECT MAX(t.title) FROM tickets t));
INSERT INTO tickets (ticket_id, title) VALUES (9002, (SELECT MAX(t.title) FROM (SELECT * FROM tickets) t));
INSERT INTO tickets SET ticket_id = 9003, title = (SELECT MAX(title) FROM tickets WHERE ticket_id = 9003);
REPLACE INTO tickets SET ticket_id = 9003, title = (SELECT 'x' FROM tickets WHERE ticket_id = 3);
INSERT INTO tickets SELECT 9004, MAX(title), 1 FROM tickets;
INSERT INTO tickets (ticket_id, title) VALUES (9005, 'a') ON DUPLICATE KEY UPDATE weight = 1;

-- only: MariaDB
INSERT INTO tickets (ticket_id, title) VALUES (9001, (SELECT MAX(title) FROM tickets));
REPLACE INTO tickets SET ticket_id = 9003, title = (SELECT 'x' FROM tickets WHERE ticket_id = 3);
