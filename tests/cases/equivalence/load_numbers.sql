-- about: numbers that a server gives to the rows of a file are told by the function, not by the answer
-- file: loaded a\tb\nloaded c\td\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE settings (name, value);
SELECT COUNT(*) FROM settings WHERE id = LAST_INSERT_ID() AND name = 'loaded a';
SELECT value FROM settings WHERE id = LAST_INSERT_ID() + 1;

-- about: a file without such numbers leaves it as it was
SELECT LAST_INSERT_ID(7);
-- file: 9001\ta\t1\n9002\tb\t2\n
LOAD DATA LOCAL INFILE 'f' INTO TABLE tickets;
SELECT LAST_INSERT_ID();
