-- about: LOAD DATA LOCAL, whose lines are split by shard

-- file: 9001\t5\tloaded\n9002\t\\N\tsecond\n9003\t-7\tth\\tird\n9004\t0\tfourth\n
LOAD DATA LOCAL INFILE 'tickets.txt' INTO TABLE tickets (ticket_id, weight, title);
SELECT ROW_COUNT();
SHOW WARNINGS;

-- file: 9001\tA\t1\n9002\tB\t2\n
LOAD DATA LOCAL INFILE 'x' INTO TABLE tickets;

-- about: CSV as spreadsheets write it
-- file: id,title,weight\r\n9001,"one, with ""quotes""",1\r\n"9002","two\r\nlines",2\r\n9003,plain,NULL\r\n
LOAD DATA LOCAL INFILE 'a b.csv' INTO TABLE tickets FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' LINES TERMINATED BY '\r\n' IGNORE 1 LINES;

-- file: xx9001|one|1;;junkxx9002|two;;yyyxx9003|three|x|4;;xx9004
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets COLUMNS TERMINATED BY '|' LINES STARTING BY 'xx' TERMINATED BY ';;';
SHOW WARNINGS;

-- about: warnings have the numbers of the file's rows
-- file: 9001\ta\tbad\n9002\tb\t12x\n9003\tc\n9004\td\t4\tmore\n9005\te\t99999999999\n9006\tf\t6\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
SHOW WARNINGS;

-- file: head\n9001\ta\tbad\n9002\tb\t12x\n9003\tc\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets IGNORE 1 LINES;
SHOW WARNINGS;

-- about: keys that are there are passed over, or replaced
-- file: 1\treplaced\t1\n2\treplaced\t2\n3\treplaced\t3\n9001\tnew\t4\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;

-- file: 1\treplaced\t1\n2\treplaced\t2\n3\treplaced\t3\n9001\tnew\t4\n
-- natural key
LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE tickets;
SELECT ROW_COUNT();

-- file: 1\treplaced\t1\n9001\tnew\t4\n9001\tagain\t5\n
-- natural key
LOAD DATA LOCAL INFILE 'f' IGNORE INTO TABLE tickets;

-- about: keys that servers convert
-- file: 9001.6\ta\t1\n 9003x\tb\t2\n+9004\tc\t3\n9e3\td\t4\n99999999999999\te\t5\n\tf\t6\n-5\tg\t7\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;

-- file: abc\ta\t1\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;

-- file: \\N\ta\t1\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;

-- about: a line without the key gets its default
-- file: 9001\ta\n\n9002\tb\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, title);

-- file: 9001\ta\n\n9002\tb
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, title) SET weight = 5;

-- about: variables and SET
-- file: 9001\ta\t7\n9002\tb\t8\n9003\tc\t9\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (@id, title, @w) SET ticket_id = @id, weight = @w * 2 + 1;
SELECT @id, @w;

-- file: 9001\ta\t7\n9002\tb\t8\n9003\tc\t9\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (@id, @skipped, weight) SET ticket_id = @id + 1, title = CONCAT('t', @id);

-- file: a\t7\nb\t8\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (title, weight) SET ticket_id = 9009;

-- file: 9001\ta\n9002\tb\n
SET @given = 77;
-- file: 9001\ta\n9002\tb\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, title) SET weight = @given;
SELECT @given;

SET @n = 9100;
-- file: a\nb\nc\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (title) SET ticket_id = (@n := @n + 1);
-- text
SELECT @n;

-- file: 9001\tDE\n9002\tFR\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, @code) SET title = (SELECT name FROM countries WHERE code = @code);

-- file: 9001\t1\n9002\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, @user) SET title = (SELECT name FROM users WHERE user_id = @user);

-- about: widths, and lines without ends of their own
-- file: 9001,a,1,9002,b,2,9003,c,3,
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ',' LINES TERMINATED BY '';

-- file: 9001,a,1,9002,b,2,
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ',' LINES TERMINATED BY ',';

-- about: other escapes
-- file: 9001;x\\;2;9\n9002;y\\\\;3\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ';' ESCAPED BY '';

-- file: 9001;x^;2;9\n9002;^N;3\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ';' ESCAPED BY '^';

-- file: "9001","x""y","9"\n"9002","z"\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ',' ENCLOSED BY '"' ESCAPED BY '"';

SET sql_mode = 'NO_BACKSLASH_ESCAPES';
-- file: 9001\tx\\\t9\n9002\ty\t3\n
LOAD DATA LOCAL INFILE 'a\b' INTO TABLE tickets;

-- about: character sets
-- file: 9001\tcaf\xe9\t1\n9002\t\xfcber\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets CHARACTER SET latin1;

-- file: 9001\tcaf\xc3\xa9\t1\n9002\t\xe6\x97\xa5\xe6\x9c\xac\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets CHARACTER SET utf8mb4;

-- file: 9001\t\x95\x5c\t1\n9002\t\xb0\xa1\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets CHARACTER SET gbk;

-- file: new1\t5\nnew2\t6\nNEW1\t7\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE logins;

-- about: a file without lines
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
SELECT ROW_COUNT();

-- file: only\nheads\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets IGNORE 5 LINES;

-- about: colocated tables
-- file: 1\t900\t1\t1\t9.50\tnew\t2024-05-01 10:00:00\n2\t901\t1\t1\t9.50\tnew\t2024-05-01 10:00:00\n3\t902\t\\N\t2\t1\tpaid\t2024-05-01 10:00:00\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE orders;

-- file: 9.5\t900\t1\n9.5\t901\t2\n9.5\t902\t3\n9.5\t903\t4\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE orders (total, order_id, user_id);

-- about: reference tables and single ones
-- file: XA\tfirst\nXB\tsecond\nDE\tthere\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE countries;

-- file: XA\tfirst\nDE\tthere\n
LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE countries;

-- file: a\t1\nb\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE settings (name, value);
SELECT LAST_INSERT_ID();

-- file: 9001\ta\t1\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE shop.tickets (tickets.ticket_id, shop.tickets.title, weight);

-- about: transactions
BEGIN;
UPDATE tickets SET weight = 1000 WHERE ticket_id = 1;
-- file: 9001\ta\t1\n9002\tb\t2\n9003\tc\t3\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;
ROLLBACK;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;

BEGIN;
SAVEPOINT a;
-- file: 9001\ta\t1\n9002\tb\t2\n9003\tc\t3\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
ROLLBACK TO a;
-- file: 9004\ta\t1\n9005\tb\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
COMMIT;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;

SET autocommit = 0;
-- file: 9001\ta\t1\n9002\tb\t2\n9003\tc\t3\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
ROLLBACK;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;

-- about: a statement that fails on one shard leaves nothing on the others
BEGIN;
UPDATE tickets SET weight = 1000 WHERE ticket_id = 1;
-- file: 9001\ta\t1\n9002\tb\tbad\n9003\tc\t3\n9004\td\t4\n
LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE tickets;
SELECT COUNT(*) FROM tickets WHERE ticket_id > 9000;
COMMIT;

-- file: 9001\ta\t1\n9002\tb\tbad\n9003\tc\t3\n9004\td\t4\n
LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE tickets;

-- about: what is wrong with the statement is told before a file is asked for
-- file: 1\n
-- natural key
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (ticket_id, nonsense);
SELECT 1;

-- file: 1\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE nonsense;
SELECT 1;

-- file: 1\n
-- error-only
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS ENCLOSED BY 'ab';
SELECT 1;

-- about: several statements in one command
-- file: 9001\ta\t1\n9002\tb\t2\n
SELECT 1; LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets; SELECT COUNT(*) FROM tickets;

-- refused: 1235 LOCAL
LOAD DATA INFILE '/tmp/none' INTO TABLE tickets;

-- about: A server refuses what is read on one server before it has asked for the file.
-- natural key
-- file: 1,a\n2,b\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets FIELDS TERMINATED BY ',' (@x, nothing) SET ticket_id = @x + 9000;
SELECT COUNT(*) FROM tickets;

-- about: A variable may hold bytes that are no text of its character set.
-- only: MariaDB
SET sql_mode = '';
-- file: \xff|9\t9101\n\xfe\t9102\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (@k, ticket_id) SET title = 'x';
SELECT HEX(@k);
-- file: \xff\xfe\t9103\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets (@k, ticket_id) SET title = HEX(@k);
SELECT HEX(@k), title FROM tickets WHERE ticket_id = 9103;
