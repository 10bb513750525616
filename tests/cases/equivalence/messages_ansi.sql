-- about: names in messages stand in double quotes
SET sql_mode = 'ANSI_QUOTES';
SELECT ticket_id - 50 FROM tickets WHERE ticket_id < 5 ORDER BY ticket_id;
SELECT t.ticket_id - 50 FROM "tickets" t WHERE ticket_id = 1;
