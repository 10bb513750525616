-- about: rows that depend on those before them in the same INSERT
-- refused: 1235
INSERT INTO tickets (ticket_id, title) VALUES ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'a'), ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'b');
INSERT INTO tickets (ticket_id, title) VALUES ((SELECT MAX(t.ticket_id) + 1 FROM tickets t), 'a');
INSERT INTO tickets (ticket_id, title) VALUES (9101, (SELECT MAX(u.name) FROM users u)), (9102, (SELECT MIN(u.name) FROM users u));
SELECT COUNT(*) FROM tickets;
