-- about: what shards keep is no table of the client's
SELECT * FROM orders_0;
SELECT * FROM shop.orders_1 WHERE user_id = 1;
INSERT INTO orders_0 (user_id, order_id, total) VALUES (1, 999, 1);
UPDATE orders_0 SET total = 0;
DELETE FROM users_0;
LOCK TABLES orders_0 READ;
