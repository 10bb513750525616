-- about: Aggregates over all rows of all shards: exact numbers, their types, and every combination in one SELECT.
SELECT COUNT(*), COUNT(score), COUNT(DISTINCT level), COUNT(DISTINCT country_code, level) FROM users;

SELECT SUM(balance), AVG(balance), MIN(balance), MAX(balance) FROM users;

SELECT SUM(big), SUM(ubig), SUM(tiny), SUM(flag), SUM(bits) FROM samples;

SELECT AVG(big), AVG(ubig), AVG(tiny), AVG(amount), AVG(huge) FROM samples;

SELECT SUM(huge), SUM(amount), SUM(DISTINCT amount), AVG(DISTINCT amount) FROM samples;

SELECT SUM(single), SUM(twice), AVG(single) FROM samples WHERE sample_id > 3;

SELECT MIN(big), MAX(big), MIN(ubig), MAX(ubig) FROM samples;

SELECT MIN(day), MAX(day), MIN(at), MAX(precisely), MIN(span), MAX(fine), MIN(year), MAX(stamp) FROM samples;

SELECT MIN(level), MAX(level), MIN(marks), MAX(marks), MIN(bits), MAX(bits) FROM samples;

SELECT MIN(raw), MAX(vraw), MIN(bin), MAX(bin) FROM samples;

SELECT MIN(varied), MAX(body) FROM samples WHERE sample_id IN (3, 7, 9, 11);

SELECT BIT_AND(small), BIT_OR(small), BIT_XOR(small) FROM samples;

SELECT BIT_AND(tiny), BIT_OR(big), BIT_XOR(ubig) FROM samples;

SELECT BIT_AND(level), BIT_OR(level), BIT_XOR(level) FROM users WHERE user_id > 1000000000000000000000;

SELECT COUNT(*), SUM(level), AVG(level), MIN(name), GROUP_CONCAT(name), STD(level), BIT_AND(level) FROM users WHERE name = 'nobody';

SELECT ROUND(STD(level), 9), ROUND(STDDEV_SAMP(level), 9), ROUND(VAR_POP(level), 9), ROUND(VAR_SAMP(level), 9), ROUND(VARIANCE(balance), 4) FROM users;

SELECT STDDEV_SAMP(level), VAR_SAMP(level), STD(level) FROM users WHERE user_id = 5;

SELECT GROUP_CONCAT(user_id ORDER BY user_id) FROM users;

SELECT GROUP_CONCAT(name ORDER BY user_id DESC SEPARATOR ' | ') FROM users WHERE user_id BETWEEN 1 AND 12;

SELECT GROUP_CONCAT(DISTINCT level ORDER BY level DESC SEPARATOR '') FROM users;

SELECT GROUP_CONCAT(DISTINCT country_code ORDER BY country_code) FROM users;

SELECT GROUP_CONCAT(country_code, ':', level ORDER BY user_id SEPARATOR ';') FROM users;

SELECT GROUP_CONCAT(order_id ORDER BY total DESC, user_id) FROM orders;

SET SESSION group_concat_max_len = 20;
SELECT GROUP_CONCAT(user_id ORDER BY user_id) FROM users;
SELECT GROUP_CONCAT(name ORDER BY user_id SEPARATOR '') FROM users WHERE user_id < 9;

SELECT COUNT(DISTINCT level), SUM(DISTINCT level), AVG(DISTINCT level), GROUP_CONCAT(DISTINCT level ORDER BY level) FROM users;

SELECT COUNT(DISTINCT name), COUNT(DISTINCT email), COUNT(DISTINCT rating) FROM users;

SELECT COUNT(DISTINCT fixed), COUNT(DISTINCT varied), COUNT(DISTINCT raw), COUNT(DISTINCT day, grp) FROM samples;

SELECT SUM(total) / COUNT(*) + 1, SUM(total * quantity) - AVG(total), -MAX(total) FROM orders;

SELECT COALESCE(SUM(score), 0), IFNULL(MAX(mood), 'none'), COUNT(*) > 10 FROM users WHERE user_id < -100000;

SELECT CONCAT(MIN(user_id), '..', MAX(user_id)) AS spread, ROUND(AVG(balance), 1) AS mean FROM users;

SELECT YEAR(MAX(born)) - YEAR(MIN(born)), DATEDIFF(MAX(placed_at), MIN(placed_at)) FROM users JOIN orders USING (user_id);

SELECT IF(COUNT(*) > 5, 'many', 'few'), CASE MAX(level) WHEN 5 THEN 'five' ELSE 'other' END FROM users;

SELECT COUNT(*) FROM users HAVING COUNT(*) > 100;

SELECT MAX(level) AS top FROM users HAVING top > 2 AND MIN(level) = 1;

SELECT SUM(level) FROM users ORDER BY COUNT(*) LIMIT 1;

SELECT SUM(level) FROM users LIMIT 0;

SELECT COUNT(*), 'text', 1 + 1 FROM users;

SELECT DISTINCT COUNT(*), MAX(level) FROM users;

SELECT COUNT(*) FROM users u JOIN orders o ON o.user_id = u.user_id;

SELECT COUNT(*), COUNT(o.order_id), SUM(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id;

SELECT COUNT(*), COUNT(DISTINCT u.user_id), SUM(i.price) FROM users u JOIN orders o ON o.user_id = u.user_id JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.order_id;

SELECT SUM(CASE WHEN status = 'new' THEN total ELSE 0 END) AS fresh, SUM(status = 'done') AS finished FROM orders;

SELECT AVG(level + 0.5), SUM(level * 1.10), SUM(level / 3), AVG(1) FROM users;

SELECT SUM('3'), SUM(NULL), AVG(NULL), MAX(NULL), COUNT(NULL) FROM users;

SELECT SUM(level = 3), SUM(name LIKE 'A%'), SUM(ISNULL(mood)) FROM users;

-- params: 2, 100
SELECT COUNT(*), SUM(balance + ?) FROM users WHERE level >= ?;

-- about: A connection of MySQL's remembers what type a parameter had once.
-- only: MariaDB
-- params: 1.5
-- params: 3
-- params: NULL
SELECT SUM(level * ?) FROM users;

-- params: 1.5
-- params: 0.25
SELECT SUM(level * ?) FROM users;

SELECT JSON_ARRAYAGG(title) FROM tickets WHERE ticket_id = 4;

SELECT JSON_LENGTH(JSON_ARRAYAGG(level)), JSON_LENGTH(JSON_OBJECTAGG(user_id, level)) FROM users;

SELECT JSON_OBJECTAGG(ticket_id, weight) FROM tickets WHERE ticket_id = 5;

SELECT COUNT(*) FROM samples WHERE grp IS NULL OR tiny <=> NULL;

SELECT MAX(user_id) - MIN(order_id) FROM orders;

SELECT COUNT(*) + (SELECT COUNT(*) FROM products) FROM users;

SELECT MIN(CONCAT(word_id, '')), MAX(LENGTH(bytes)), SUM(CHAR_LENGTH(general)) FROM words;
