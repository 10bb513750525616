-- about: Columns that `*` does not mean are not meant by it in copies either.
ALTER TABLE tickets ADD COLUMN secret VARCHAR(9) DEFAULT 'none' /*!80023 INVISIBLE */ /*M!100303 INVISIBLE */ AFTER ticket_id;
UPDATE tickets SET secret = title WHERE ticket_id = 2;
SELECT x.*, y.secret FROM tickets x JOIN tickets y ON x.weight = y.weight + 0 ORDER BY x.ticket_id, y.ticket_id;
SELECT * FROM tickets x JOIN tickets y ON x.weight = y.weight + 0 WHERE y.secret = 'none' ORDER BY x.ticket_id, y.ticket_id;
SELECT * FROM tickets WHERE secret IN (SELECT secret FROM tickets WHERE weight > 1) ORDER BY ticket_id;
SELECT tickets.* FROM tickets NATURAL JOIN (SELECT ticket_id, secret FROM tickets) q ORDER BY ticket_id;
ALTER TABLE tickets DROP COLUMN secret;

-- about: Character sets of the connection in which no text is ASCII, or none is text.
SET collation_connection = utf16_unicode_ci;
SELECT COUNT(*) + 1 FROM users;
SELECT level, COUNT(*) + 1 FROM users GROUP BY level HAVING COUNT(*) > 0 ORDER BY level;
SELECT COUNT(*) FROM words GROUP BY UPPER(general) ORDER BY UPPER(general);
SELECT x.word_id FROM words x JOIN words y ON x.general = y.uca ORDER BY x.word_id, y.word_id;
SET collation_connection = ucs2_bin;
SELECT level, COUNT(*) + 1 FROM users GROUP BY level HAVING COUNT(*) > 0 ORDER BY level;

SET NAMES binary;
SELECT COUNT(*) FROM words GROUP BY LOWER(general) ORDER BY LOWER(general);
SELECT COUNT(DISTINCT UPPER(general)), COUNT(*) + 1 FROM words;
SELECT word_id FROM words ORDER BY CONCAT(general, '-'), word_id;
SELECT word_id FROM words ORDER BY LOWER(general) DESC, word_id LIMIT 7;
SELECT MAX(CONCAT(latin, 'x')) FROM words;
SELECT DATE_FORMAT(day, '%Y') AS y, COUNT(*) FROM samples GROUP BY y ORDER BY y;

-- about: Dates that are computed, some of them NULL, without a warning of what the client did not ask for.
SELECT LAST_DAY(day) AS l, COUNT(*) FROM samples WHERE sample_id <> 4 GROUP BY l ORDER BY l;
SELECT DATE_ADD(day, INTERVAL 1 MONTH) AS m, COUNT(*) FROM samples WHERE sample_id NOT IN (3, 4) GROUP BY m ORDER BY m;

-- only: MariaDB
EXECUTE IMMEDIATE 'SELECT COUNT(*) FROM users WHERE level = ?' USING 1;
SET @q = 'SELECT user_id FROM users WHERE level = ? ORDER BY user_id LIMIT ?', @l = 2;
EXECUTE IMMEDIATE @q USING @l, 3;
EXECUTE IMMEDIATE @q USING @l;
EXECUTE IMMEDIATE 'SELECT 1; SELECT 2';
EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE ''SELECT 1''';
-- refused: 1235 ShardGate: not supported: EXECUTE IMMEDIATE of an expression
EXECUTE IMMEDIATE CONCAT('SELECT ', 1);

-- about: A sort key that is not selected, which only the servers' own text may name.
-- only: MariaDB
SELECT DISTINCT user_id FROM users ORDER BY user_id + level;

-- about: Words that an index has to find.
ALTER TABLE tickets ADD FULLTEXT KEY by_words (title);
SELECT ticket_id FROM tickets WHERE MATCH(title) AGAINST ('one two printer' IN BOOLEAN MODE) ORDER BY ticket_id;
-- about: MySQL reads the rows in the order of the key, with its flag, or from a temporary table without it (SQL_BUFFER_RESULT)
-- ignore: flags
SELECT x.ticket_id FROM tickets x JOIN tickets y ON x.weight = y.weight + 0 WHERE MATCH(x.title) AGAINST ('one' IN BOOLEAN MODE) ORDER BY 1;
-- params: 'printer'
SELECT x.ticket_id, y.ticket_id FROM tickets x LEFT JOIN tickets y ON x.weight = y.weight + 1 AND MATCH (y.title) AGAINST (?) WHERE x.ticket_id < 12 ORDER BY 1, 2;
-- ignore: flags
SELECT COUNT(*), SUM(weight) OVER () FROM tickets WHERE weight > 0 AND MATCH(title) AGAINST ('+printer -two' IN BOOLEAN MODE) GROUP BY weight ORDER BY 2;
-- refused: 1235 MATCH ... AGAINST
SELECT x.ticket_id FROM tickets x JOIN tickets y ON x.weight = y.weight + 0 WHERE MATCH(x.title) AGAINST ('one' IN BOOLEAN MODE) > 0.5 OR x.ticket_id = 3;
ALTER TABLE tickets DROP KEY by_words;
