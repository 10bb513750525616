-- about: Texts that differ only behind max_sort_length are sorted by what comes next.
UPDATE users SET bio = CONCAT(REPEAT('a', 1100), 9 - user_id % 10), avatar = CONCAT(REPEAT('a', 1100), 9 - user_id % 10);
SELECT user_id FROM users ORDER BY bio, user_id;
SELECT user_id FROM users ORDER BY bio, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY bio DESC, user_id DESC LIMIT 3, 8;
SELECT user_id FROM users ORDER BY CONCAT(bio, 'z') COLLATE utf8mb4_unicode_ci, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY CONVERT(bio USING latin1), user_id LIMIT 8;
SELECT user_id FROM users ORDER BY avatar, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY avatar DESC, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY level, CONCAT(bio), user_id DESC LIMIT 8;
SELECT user_id, RIGHT(bio, 1) FROM users GROUP BY user_id, bio ORDER BY bio, user_id LIMIT 8;
SELECT level, MAX(bio) = MIN(bio) FROM users GROUP BY level ORDER BY MAX(bio), level DESC;
SELECT DISTINCT RIGHT(bio, 1) r, bio LIKE 'a%' FROM users ORDER BY r;
SELECT COUNT(DISTINCT bio), COUNT(DISTINCT avatar) FROM users;

-- about: Where a server has several ways to sort them.
UPDATE users SET bio = CONCAT(REPEAT('a', 300), 9 - user_id % 10), avatar = CONCAT(REPEAT('a', 1022), 9 - user_id % 10);
SELECT user_id FROM users ORDER BY bio, user_id;
SELECT user_id FROM users ORDER BY bio, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY bio, 9 - user_id % 10, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY avatar, user_id;
SELECT user_id FROM users ORDER BY CONCAT(bio) COLLATE utf8mb4_bin DESC, user_id LIMIT 8;

-- about: Bytes of which so many are the same are sorted by their length on MariaDB.
UPDATE users SET avatar = CONCAT(REPEAT('a', 1030), REPEAT(9 - user_id % 10, user_id % 7));
SELECT user_id FROM users ORDER BY avatar, user_id;
SELECT user_id FROM users ORDER BY avatar DESC, user_id LIMIT 8;
UPDATE users SET avatar = CONCAT(REPEAT('a', 1030), IF(user_id % 2, '9', '11'));
SELECT user_id FROM users ORDER BY avatar, user_id % 2, user_id LIMIT 8;
SELECT user_id % 2 FROM users ORDER BY avatar LIMIT 8;

-- about: The session says how long they are.
SET max_sort_length = 64;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 70), 9 - user_id % 10), user_id LIMIT 8;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 63), 9 - user_id % 10) COLLATE utf8mb4_unicode_ci, user_id LIMIT 8;
SELECT user_id FROM users ORDER BY CONVERT(CONCAT(REPEAT('a', 63), 9 - user_id % 10) USING latin1), user_id LIMIT 8;
SET max_sort_length = DEFAULT;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 70), 9 - user_id % 10), user_id LIMIT 8;
SET max_sort_length = 8;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 70), 9 - user_id % 10), user_id LIMIT 8;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 20), 9 - user_id % 10), user_id LIMIT 8;
SET max_sort_length = 4 * @@max_sort_length;
SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 20), 9 - user_id % 10), user_id LIMIT 8;

-- about: Groups meet whatever their order is.
UPDATE users SET bio = CONCAT(REPEAT('a', 300), 9 - user_id % 10), avatar = CONCAT(REPEAT('a', 600), 9 - user_id % 10);
-- unordered
SELECT bio, user_id % 3, COUNT(*) FROM users GROUP BY bio, user_id % 3;
-- unordered
SELECT DISTINCT bio, level FROM users;
SELECT user_id, COUNT(*) FROM users GROUP BY bio, user_id ORDER BY bio, user_id LIMIT 5;
SELECT DISTINCT bio, level FROM users ORDER BY bio, level;
SELECT user_id FROM users ORDER BY avatar, user_id;

-- about: One statement can say so, too.
-- only: MariaDB
SET STATEMENT max_sort_length = 64 FOR SELECT user_id FROM users ORDER BY CONCAT(REPEAT('a', 70), 9 - user_id % 10), user_id LIMIT 8;
