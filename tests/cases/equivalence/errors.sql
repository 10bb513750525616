-- about: Errors are the server's own, and the session goes on.
SELECT nope FROM users WHERE user_id = 1;
SELECT name FROM users WHERE user_id = 1;

SELECT name FROM users WHERE nope = 1;

SELECT nope FROM users;

SELECT * FROM nowhere;

SELECT * FROM nowhere WHERE user_id = 1;

SELECT * FROM shop.nowhere;

-- error-only
SELECT * FROM elsewhere.users;

SELEC 1;

SELECT * FROM users WHERE;

-- about: ShardGate sees that the text has no end before a server could, and says so in its own words.
-- ignore: message
SELECT * FROM users WHERE user_id = 'unterminated;

-- ignore: message
SELECT 1 /* unterminated;

-- ignore: message
SELECT (1;

SELECT name FROM users WHERE user_id = 1 GROUP;

-- about: MySQL names the physical table in the message.
INSERT INTO users (user_id, name) VALUES (1, 'taken');

INSERT INTO users (user_id, name, nope) VALUES (800, 'x', 1);

INSERT INTO users (user_id, name) VALUES (801);

INSERT INTO users (user_id, name) VALUES (802, NULL);

INSERT INTO users (user_id, name) VALUES (803, 'x'), (804);

-- about: The message names the physical table.
INSERT INTO users (user_id, name, born) VALUES (805, 'x', 'not a date');

INSERT INTO users (user_id, name, level) VALUES (806, 'x', -1);

-- error-only
INSERT INTO users (user_id, name) VALUES (NULL, 'x');

-- error-only
INSERT INTO users (name) VALUES ('no key');

UPDATE users SET nope = 1 WHERE user_id = 1;

UPDATE users SET nope = 1;

DELETE FROM users WHERE nope = 1;

SELECT 1 / 0, LOG(-1);
SHOW WARNINGS;

SELECT CAST('12abc' AS SIGNED);
SHOW WARNINGS;
SHOW COUNT(*) WARNINGS;

SELECT nope FROM settings;
SHOW WARNINGS;
SHOW ERRORS;
SELECT @@warning_count, @@error_count;

-- about: The message names the physical schema.
-- ignore: message
SELECT nofunction(1);

SELECT COUNT(1, 2) FROM countries;

SET nosuchvariable = 1;

SELECT @@nosuchvariable;

-- ignore: message
SELECT 1; SELECT 2;

-- about: An empty statement.
;

-- about: Only a comment.
/* nothing */;

SELECT name FROM users WHERE user_id = 1 AND name = (SELECT name FROM countries);

-- about: A server says 1044 to a user without rights there; ShardGate knows no other databases, and says 1049.
-- error-only
USE nowhere;
SELECT DATABASE();
