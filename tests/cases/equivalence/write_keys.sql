-- about: Shard keys that only a server can compute.
INSERT INTO users (user_id, name) VALUES (720 + TRUE, 'expression');
SELECT user_id, name FROM users WHERE user_id = 721;

INSERT INTO users (user_id, name) VALUES (0x2C9, 'hex');

INSERT INTO users (user_id, name) VALUES (b'1011001010', 'bits');

INSERT INTO users (user_id, name) VALUES (700 + 1, 'a'), (700 + 2, 'b'), (703, 'c'), (700 + 4, 'd');
SELECT ROW_COUNT();

INSERT INTO users (user_id, name) VALUES (1e3 + 0.4, 'real'), ('10' + 700, 'text'), (ABS(-711), 'call'), (FLOOR(712.9), 'floor');

INSERT INTO users SET user_id = 700 + 30, name = 'Set';

INSERT INTO users (user_id, name) VALUES (LENGTH('abc') + 740, CONCAT('a', 'b')), (741, DEFAULT(bio));

SET @id = 750;
INSERT INTO users (user_id, name) VALUES (@id, 'variable'), (@id + 1, 'variable');
SELECT user_id FROM users WHERE name = 'variable' ORDER BY user_id;

SET @id = 760;
INSERT INTO users (user_id, name) VALUES (@id := @id + 1, 'assigned'), (@id := @id + 1, 'assigned'), (@id := @id + 1, @id);
-- text
SELECT @id;
SELECT user_id, name FROM users WHERE user_id > 760 ORDER BY user_id;

INSERT INTO users (user_id, name) VALUES ((SELECT MAX(user_id) + 1 FROM (SELECT user_id FROM users) x), 'subquery');
SELECT user_id, name FROM users ORDER BY user_id;

INSERT INTO orders (user_id, order_id, total) VALUES ((SELECT user_id FROM users WHERE name = 'Björn'), 70, 1);

INSERT INTO tickets (ticket_id, title) VALUES ((SELECT COUNT(*) FROM users) + 500, 'counted');

INSERT INTO tickets (ticket_id, title) VALUES (502, (SELECT MAX(name) FROM users)), (503, (SELECT MIN(name) FROM users));

INSERT INTO logins VALUES (CONCAT('a', 'b'), 1), (UPPER('abc'), 2), (LPAD('x', 5, 'y'), 3);
SELECT * FROM logins ORDER BY login;

-- own rows
INSERT INTO logins VALUES (UUID(), 77), (UUID(), 77), (UUID(), 77), (UUID(), 77);
SELECT COUNT(*), COUNT(DISTINCT login) FROM logins WHERE attempts = 77;

-- own rows
INSERT INTO logins VALUES (NOW(6), 78);
SELECT COUNT(*) FROM logins WHERE login LIKE '20%:%' AND attempts = 78;

-- own rows
INSERT INTO users (user_id, name) VALUES (UNIX_TIMESTAMP(), 'now');
SELECT COUNT(*) FROM users WHERE user_id > 1700000000;

-- own rows
INSERT INTO users (user_id, name) VALUES (2000 + FLOOR(RAND() * 1000), 'random');
SELECT COUNT(*) FROM users WHERE name = 'random' AND user_id >= 2000 AND user_id < 3000;

-- params: 5, 'p'
-- params: 6, 'q'
INSERT INTO users (user_id, name) VALUES (? + 800, ?);

-- params: 5, 'p', 810, 'q', 3, 'r'
INSERT INTO users (user_id, name) VALUES (? + 800, ?), (?, ?), (? * 300, ?);
SELECT user_id, name FROM users WHERE user_id BETWEEN 800 AND 900 ORDER BY user_id;

-- params: 1, 'dup', 'upd'
INSERT INTO users (user_id, name) VALUES (? + 0, ?) ON DUPLICATE KEY UPDATE name = ?;

-- about: A key of which a row is left without, or with its default.
-- error-only
INSERT INTO users (name) VALUES ('no key');

-- error-only
INSERT INTO users (user_id, name) VALUES (DEFAULT, 'no key');

-- error-only
INSERT INTO users (user_id, name) VALUES (NULLIF(1, 1), 'null');

-- error-only
INSERT INTO users (user_id, name) VALUES (820 + 1, NULL);

-- error-only
INSERT INTO users (user_id, name) VALUES ('abc' + 1, 'bad number');
SELECT user_id FROM users ORDER BY user_id;

INSERT INTO users (user_id, name) VALUES (nonsense + 1, 'x');

INSERT INTO users (user_id, name) VALUES (830 + 1, 'x', 'y');

-- about: Values that depend on those before them.
INSERT INTO users (user_id, level, name) VALUES (840 + 1, user_id MOD 100, CONCAT('n', user_id));
SELECT user_id, level, name FROM users WHERE user_id = 841;

INSERT INTO orders (order_id, user_id, total) VALUES (5, order_id + 850, user_id * 2), (6, order_id + 850, user_id * 2);

-- about: Duplicates.
INSERT IGNORE INTO users (user_id, name) VALUES (0 + 1, 'taken'), (0 + 2, 'taken'), (860 + 1, 'free'), (862, 'free');
SHOW COUNT(*) WARNINGS;
SELECT user_id, name FROM users ORDER BY user_id;

REPLACE INTO users (user_id, name) VALUES (0 + 1, 'replaced'), (0 + 2, 'replaced'), (870 + 1, 'new');
SELECT user_id, name, level FROM users ORDER BY user_id;

INSERT INTO users (user_id, name) VALUES (0 + 1, 'dup'), (0 + 2, 'dup'), (880 + 1, 'new') ON DUPLICATE KEY UPDATE name = CONCAT(name, '+', VALUES(name)), level = level + 1;
SELECT user_id, name, level FROM users ORDER BY user_id;

INSERT INTO users (user_id, name) VALUES (0 + 1, 'dup');
SELECT name FROM users WHERE user_id = 1;

-- error-only
INSERT INTO users (user_id, name) VALUES (890 + 1, 'first'), (0 + 1, 'dup'), (892 + 0, 'last');
SELECT user_id FROM users ORDER BY user_id;

-- about: Reference tables get the same on every copy.
-- own rows
INSERT INTO countries (code, name) VALUES ('U1', UUID()), ('U2', UUID());
SELECT COUNT(DISTINCT name) FROM countries WHERE code LIKE 'U_';

INSERT INTO countries (code, name) VALUES ('U3', (SELECT MAX(name) FROM users));

SET @c = 'U';
INSERT INTO countries (code, name) VALUES (CONCAT(@c, 4), @c);

-- own rows
UPDATE countries SET name = RAND();
SELECT COUNT(*) FROM countries WHERE name LIKE '0.%';

-- own rows
UPDATE countries SET name = UUID() WHERE code > 'D';

-- about: Inside a transaction.
BEGIN;
INSERT INTO users (user_id, name) VALUES (900 + 1, 'a'), (900 + 2, 'b');
-- error-only
INSERT INTO users (user_id, name) VALUES (900 + 3, 'c'), (900 + 2, 'd');
INSERT INTO users (user_id, name) VALUES (900 + 4, 'e');
SELECT user_id, name FROM users WHERE user_id > 899 ORDER BY user_id;
COMMIT;
SELECT user_id, name FROM users WHERE user_id > 899 ORDER BY user_id;
