-- about: Subqueries over several shards, in every place and form.
SELECT name FROM users WHERE user_id = (SELECT MAX(user_id) FROM orders);

SELECT user_id FROM users WHERE balance > (SELECT AVG(balance) FROM users) ORDER BY user_id;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE status = 'paid') ORDER BY user_id;

SELECT user_id FROM users WHERE user_id NOT IN (SELECT user_id FROM orders) ORDER BY user_id;

SELECT user_id FROM users WHERE level IN (SELECT quantity FROM orders WHERE total > 400) ORDER BY user_id;

SELECT product_id FROM products WHERE product_id NOT IN (SELECT product_id FROM order_items) ORDER BY 1;

SELECT product_id FROM products p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.product_id = p.product_id AND o.quantity = 5) ORDER BY 1;

SELECT code FROM countries c WHERE NOT EXISTS (SELECT * FROM users u WHERE u.country_code = c.code AND u.level = 1) ORDER BY code;

SELECT user_id FROM users u WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.ticket_id = u.user_id AND t.weight > u.level) ORDER BY 1;

SELECT user_id FROM users WHERE level > ALL (SELECT quantity FROM orders WHERE status = 'paid' AND user_id < 9) ORDER BY 1;

SELECT user_id FROM users WHERE level < ANY (SELECT quantity FROM orders WHERE user_id = 4) ORDER BY 1;

SELECT user_id FROM users WHERE level = SOME (SELECT product_id FROM order_items WHERE price > 80) ORDER BY 1;

SELECT user_id FROM users WHERE level <> ALL (SELECT product_id FROM order_items WHERE price < 20) ORDER BY 1;

SELECT user_id, order_id FROM orders WHERE (user_id, order_id) IN (SELECT user_id, order_id FROM order_items) ORDER BY 1, 2;

SELECT user_id, order_id FROM orders WHERE (product_id, quantity) NOT IN (SELECT product_id, item_no FROM order_items) ORDER BY 1, 2;

SELECT user_id, order_id FROM orders WHERE (quantity, total) = (SELECT quantity, MAX(total) FROM orders GROUP BY quantity ORDER BY 2 DESC LIMIT 1);

SELECT user_id FROM orders o WHERE total = (SELECT MAX(total) FROM orders i WHERE i.user_id = o.user_id) ORDER BY 1;

SELECT user_id, order_id FROM orders o WHERE total > (SELECT AVG(total) FROM orders i WHERE i.product_id = o.product_id) ORDER BY 1, 2;

SELECT user_id FROM users u WHERE (SELECT COUNT(*) FROM orders o WHERE o.quantity = u.level AND o.total > (SELECT AVG(i.total) FROM orders i WHERE i.user_id = u.user_id)) > 1 ORDER BY 1;

SELECT user_id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = o.product_id AND i.price > u.level * 15)) ORDER BY 1;

SELECT user_id, (SELECT COUNT(*) FROM tickets t WHERE t.weight < u.level) AS n FROM users u ORDER BY user_id;

SELECT user_id, (SELECT MAX(total) FROM orders) AS top FROM users ORDER BY user_id LIMIT 3;

SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM orders), (SELECT SUM(price) FROM order_items);

SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM tickets) AS n;

SELECT (SELECT name FROM users ORDER BY user_id DESC LIMIT 1) AS last, (SELECT title FROM tickets ORDER BY weight DESC, ticket_id LIMIT 1) AS heaviest;

SELECT code, (SELECT GROUP_CONCAT(user_id ORDER BY user_id) FROM users u WHERE u.country_code = c.code) AS who FROM countries c ORDER BY code;

SELECT product_id, (SELECT SUM(total) FROM orders o WHERE o.product_id = p.product_id) AS worth FROM products p ORDER BY worth DESC, product_id;

SELECT level, COUNT(*) FROM users GROUP BY level HAVING COUNT(*) > (SELECT COUNT(*) FROM products) - 1 ORDER BY level;

SELECT product_id, SUM(total) AS worth FROM orders GROUP BY product_id HAVING worth > (SELECT AVG(total) * 3 FROM orders) ORDER BY product_id;

SELECT quantity, COUNT(*) FROM orders o GROUP BY quantity HAVING EXISTS (SELECT 1 FROM users u WHERE u.level = o.quantity AND u.mood = 'glad') ORDER BY quantity;

SELECT user_id FROM users u ORDER BY (SELECT COUNT(*) FROM tickets t WHERE t.ticket_id < u.level * 3) DESC, user_id LIMIT 6;

SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM (SELECT user_id FROM orders ORDER BY total DESC, user_id LIMIT 5) best) ORDER BY 1;

SELECT user_id FROM users WHERE level = (SELECT MIN(level) FROM users) AND mood = (SELECT MAX(mood) FROM users) ORDER BY 1;

SELECT user_id FROM users WHERE user_id = 4 AND level IN (SELECT quantity FROM orders);

SELECT IF(EXISTS (SELECT 1 FROM users WHERE level > 4), 'yes', 'no') AS any_five;

SELECT CASE WHEN (SELECT COUNT(*) FROM users) > 20 THEN 'many' ELSE 'few' END;

SELECT COUNT(*) FROM users WHERE user_id IN (SELECT user_id FROM order_items GROUP BY user_id HAVING COUNT(*) > 1);

SELECT user_id FROM users WHERE user_id NOT IN (SELECT product_id FROM orders WHERE user_id > 1000000) ORDER BY user_id LIMIT 3;

SELECT user_id FROM users WHERE (level, country_code) IN (SELECT MAX(level), country_code FROM users GROUP BY country_code) ORDER BY 1;

SELECT word_id FROM words WHERE general IN (SELECT name FROM users) OR uca = ANY (SELECT fixed FROM words WHERE word_id < 6) ORDER BY 1;

SELECT sample_id FROM samples s WHERE huge >= ALL (SELECT huge FROM samples r WHERE r.grp = s.grp AND r.huge IS NOT NULL) ORDER BY 1;

SELECT sample_id FROM samples s WHERE s.ubig > (SELECT MIN(big) FROM samples r WHERE r.sample_id <> s.sample_id) ORDER BY 1;

-- error-only
SELECT user_id FROM users WHERE user_id = (SELECT user_id FROM orders);

-- error-only
SELECT user_id FROM users WHERE user_id = (SELECT user_id, order_id FROM orders LIMIT 1);

-- params: 'new'
-- params: 'done'
SELECT user_id FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE status = ?) ORDER BY 1;

-- params: 2, 10, 4
SELECT user_id, (SELECT COUNT(*) + ? FROM tickets t WHERE t.weight > ?) FROM users WHERE level >= ? ORDER BY 1;
