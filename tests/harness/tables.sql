-- The tables and rows behind the integration tests. Statements end with a semicolon at the end of a line.
-- The harness creates the tables on the plain server and on each shard, and puts each row where its table's rule says.

CREATE TABLE users (
  user_id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  email VARCHAR(120) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  country_code CHAR(2) CHARACTER SET ascii DEFAULT NULL,
  balance DECIMAL(12,2) NOT NULL DEFAULT 0.00,
  score DOUBLE DEFAULT NULL,
  rating FLOAT DEFAULT NULL,
  born DATE DEFAULT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT '2024-01-01 00:00:00.000',
  seen_at TIMESTAMP NULL DEFAULT NULL,
  alarm TIME DEFAULT NULL,
  flags BIT(5) NOT NULL DEFAULT b'0',
  level TINYINT UNSIGNED NOT NULL DEFAULT 1,
  mood ENUM('glad','sad','so-so') DEFAULT NULL,
  tags SET('a','b','c') NOT NULL DEFAULT '',
  bio TEXT,
  avatar BLOB,
  KEY by_country (country_code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE orders (
  user_id BIGINT NOT NULL,
  order_id INT UNSIGNED NOT NULL,
  product_id INT DEFAULT NULL,
  quantity SMALLINT NOT NULL DEFAULT 1,
  total DECIMAL(10,2) NOT NULL,
  status ENUM('new','paid','sent','done') NOT NULL DEFAULT 'new',
  placed_at DATETIME NOT NULL DEFAULT '2024-01-01 00:00:00',
  PRIMARY KEY (user_id, order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE order_items (
  user_id BIGINT NOT NULL,
  order_id INT UNSIGNED NOT NULL,
  item_no TINYINT NOT NULL,
  product_id INT NOT NULL,
  price DECIMAL(8,2) NOT NULL,
  note VARCHAR(40) DEFAULT NULL,
  PRIMARY KEY (user_id, order_id, item_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE tickets (
  ticket_id INT UNSIGNED NOT NULL PRIMARY KEY,
  title VARCHAR(50) NOT NULL,
  weight INT DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE logins (
  login VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  attempts INT NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE countries (
  code CHAR(2) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  name VARCHAR(50) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE products (
  product_id INT NOT NULL PRIMARY KEY,
  title VARCHAR(80) NOT NULL,
  price DECIMAL(8,2) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE settings (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(40) NOT NULL UNIQUE,
  value VARCHAR(200) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO countries VALUES ('DE','Deutschland'),('FR','France'),('JP','日本'),('IS','Ísland'),('US','United States'),('BR','Brasil');

INSERT INTO products VALUES (1,'Lamp',19.90),(2,'Chair',89.00),(3,'Tea 茶',4.50),(4,'Book',12.00),(5,'Ümlaut kit',7.77),(6,'Nothing',0.00);

INSERT INTO settings VALUES (1,'theme','dark'),(2,'limit','100'),(3,'motto','it''s "quoted" \\ and kept'),(4,'empty',''),(5,'nothing',NULL);
INSERT INTO users VALUES (1, 'Ada', 'user0@example.org', 'DE', 3345.63, 94.787, 6.25, '1950-01-10', '2024-01-10 12:00:50.000', '2025-03-01 08:00:00', '00:00:00', b'00000', 1, NULL, '', 'I am Ada, number 0.
Second line', x'00');
INSERT INTO users VALUES (2, 'Björn', 'User1@example.org', 'FR', 6775.54, 4.829, 8.5, '1951-02-11', '2024-02-11 12:01:51.031', '2025-03-02 08:00:01', '-07:01:00', b'00001', 2, 'glad', 'a', 'I am Björn, number 1.
Second line', x'2526');
INSERT INTO users VALUES (3, 'Chloé', 'USER2@example.org', 'JP', 937.02, 36.569, 0.875, '1952-03-12', '2024-03-12 12:02:52.062', NULL, '14:02:00', b'00010', 3, 'sad', 'a,b', 'I am Chloé, number 2.
Second line', x'4a4b4c');
INSERT INTO users VALUES (4, '李雷', 'user3@example.org', 'IS', 5270.84, 21.47, 1.375, '1953-04-13', '2024-04-13 12:03:53.093', '2025-03-04 08:00:03', NULL, b'00011', 4, 'so-so', 'b,c', 'I am 李雷, number 3.
Second line', NULL);
INSERT INTO users VALUES (5, 'Đorđe', 'User4@example.org', 'US', 4497.10, NULL, 6.625, '1954-05-14', '2024-05-14 12:04:54.124', '2025-03-05 08:00:04', '28:04:00', b'00100', 5, NULL, 'a,b,c', 'I am Đorđe, number 4.
Second line', x'9495969798');
INSERT INTO users VALUES (6, 'O''Neil', 'USER5@example.org', 'BR', 682.48, 24.066, NULL, '1955-06-15', '2024-06-15 12:05:55.155', NULL, '-35:05:00', b'00101', 1, 'glad', '', 'I am O''Neil, number 5.
Second line', x'b9');
INSERT INTO users VALUES (7, 'Émile', NULL, NULL, 5728.14, 42.452, 9.0, '1956-07-16', '2024-07-16 12:06:56.186', '2025-03-07 08:00:06', '42:06:00', b'00110', 2, 'sad', 'a', 'I am Émile, number 6.
Second line', x'dedf');
INSERT INTO users VALUES (8, 'ada', 'User7@example.org', 'DE', 1248.15, 94.745, 10.0, NULL, '2024-08-17 12:07:57.217', '2025-03-08 08:00:07', NULL, b'00111', 3, 'so-so', 'a,b', 'I am ada, number 7.
Second line', x'030405');
INSERT INTO users VALUES (9, 'Zoë', 'USER8@example.org', 'FR', 6529.11, 58.3, 0.875, '1958-09-18', '2024-09-18 12:08:58.248', NULL, '56:08:00', b'01000', 4, NULL, 'b,c', NULL, x'28292a2b');
INSERT INTO users VALUES (10, 'Max', 'user9@example.org', 'JP', 6001.36, NULL, 9.25, '1959-01-19', '2024-01-19 12:09:59.279', '2025-03-10 08:00:09', '-63:09:00', b'01001', 5, 'glad', 'a,b,c', 'I am Max, number 9.
Second line', NULL);
INSERT INTO users VALUES (11, 'Ana', 'User10@example.org', 'IS', 4109.49, 4.959, 3.5, '1960-02-10', '2024-02-20 12:10:50.310', '2025-03-11 08:00:00', '70:10:00', b'01010', 1, 'sad', '', 'I am Ana, number 10.
Second line', x'72');
INSERT INTO users VALUES (12, 'Grace 🚀', 'USER11@example.org', 'US', 438.45, 55.666, NULL, '1961-03-11', '2024-03-21 12:11:51.341', NULL, NULL, b'01011', 2, 'so-so', 'a', 'I am Grace 🚀, number 11.
Second line', x'9798');
INSERT INTO users VALUES (13, 'Łukasz', 'user12@example.org', 'BR', 1346.43, 28.961, 2.25, '1962-04-12', '2024-04-22 12:12:52.372', '2025-03-13 08:00:02', '84:12:00', b'01100', 3, NULL, 'a,b', 'I am Łukasz, number 12.
Second line', x'bcbdbe');
INSERT INTO users VALUES (14, 'Ines', NULL, NULL, 5619.50, 11.779, 4.875, '1963-05-13', '2024-05-23 12:13:53.403', '2025-03-14 08:00:03', '-91:13:00', b'01101', 4, 'glad', 'b,c', 'I am Ines, number 13.
Second line', x'e1e2e3e4');
INSERT INTO users VALUES (15, 'Noor', 'USER14@example.org', 'DE', 5824.72, NULL, 2.875, '1964-06-14', '2024-06-24 12:14:54.434', NULL, '98:14:00', b'01110', 5, 'sad', 'a,b,c', 'I am Noor, number 14.
Second line', x'060708090a');
INSERT INTO users VALUES (16, 'Ada', 'user15@example.org', 'FR', 1030.61, 58.16, 3.0, NULL, '2024-07-25 12:15:55.465', '2025-03-16 08:00:05', NULL, b'01111', 1, 'so-so', '', 'I am Ada, number 15.
Second line', NULL);
INSERT INTO users VALUES (17, 'Björn', 'User16@example.org', 'JP', 3854.87, 9.743, 1.0, '1966-08-16', '2024-08-26 12:16:56.496', '2025-03-17 08:00:06', '112:16:00', b'10000', 2, NULL, 'a', 'I am Björn, number 16.
Second line', x'5051');
INSERT INTO users VALUES (18, 'Chloé', 'USER17@example.org', 'IS', 5867.83, 5.96, NULL, '1967-09-17', '2024-09-27 12:17:57.527', NULL, '-119:17:00', b'10001', 3, 'glad', 'a,b', NULL, x'757677');
INSERT INTO users VALUES (19, '李雷', 'user18@example.org', 'US', 2109.63, 49.641, 8.5, '1968-01-18', '2024-01-10 12:18:58.558', '2025-03-19 08:00:08', '126:18:00', b'10010', 4, 'sad', 'b,c', 'I am 李雷, number 18.
Second line', x'9a9b9c9d');
INSERT INTO users VALUES (20, 'Đorđe', 'User19@example.org', 'BR', 4433.63, NULL, 5.0, '1969-02-19', '2024-02-11 12:19:59.589', '2025-03-20 08:00:09', NULL, b'10011', 5, 'so-so', 'a,b,c', 'I am Đorđe, number 19.
Second line', x'bfc0c1c2c3');
INSERT INTO users VALUES (42, 'O''Neil', NULL, NULL, 4832.18, 58.556, 7.25, '1970-03-10', '2024-03-12 12:20:50.620', NULL, '140:20:00', b'10100', 1, NULL, '', 'I am O''Neil, number 20.
Second line', x'e4');
INSERT INTO users VALUES (100, 'Émile', 'user21@example.org', 'DE', 3741.46, 29.977, 2.875, '1971-04-11', '2024-04-13 12:21:51.651', '2025-03-22 08:00:01', '-147:21:00', b'10101', 2, 'glad', 'a', 'I am Émile, number 21.
Second line', NULL);
INSERT INTO users VALUES (1000, 'ada', 'User22@example.org', 'FR', 7279.48, 77.983, 1.25, '1972-05-12', '2024-05-14 12:22:52.682', '2025-03-23 08:00:02', '154:22:00', b'10110', 3, 'sad', 'a,b', 'I am ada, number 22.
Second line', x'2e2f30');
INSERT INTO users VALUES (-1, 'Zoë', 'USER23@example.org', 'JP', 5973.26, 30.025, NULL, NULL, '2024-06-15 12:23:53.713', NULL, NULL, b'10111', 4, 'so-so', 'b,c', 'I am Zoë, number 23.
Second line', x'53545556');
INSERT INTO users VALUES (-7, 'Max', 'user24@example.org', 'IS', 5141.67, NULL, 5.375, '1974-07-14', '2024-07-16 12:24:54.744', '2025-03-25 08:00:04', '168:24:00', b'11000', 5, NULL, 'a,b,c', 'I am Max, number 24.
Second line', x'78797a7b7c');
INSERT INTO users VALUES (0, 'Ana', 'User25@example.org', 'US', 7598.78, 44.883, 9.625, '1975-08-15', '2024-08-17 12:25:55.775', '2025-03-26 08:00:05', '-175:25:00', b'11001', 1, 'glad', '', 'I am Ana, number 25.
Second line', x'9d');
INSERT INTO users VALUES (2147483648, 'Grace 🚀', 'USER26@example.org', 'BR', 717.56, 11.807, 6.625, '1976-09-16', '2024-09-18 12:26:56.806', NULL, '182:26:00', b'11010', 2, 'sad', 'a', NULL, x'c2c3');
INSERT INTO users VALUES (9007199254740993, 'Łukasz', NULL, NULL, 1679.75, 75.714, 2.375, '1977-01-17', '2024-01-19 12:27:57.837', '2025-03-28 08:00:07', NULL, b'11011', 3, 'so-so', 'a,b', 'I am Łukasz, number 27.
Second line', NULL);
INSERT INTO users VALUES (9223372036854775807, 'Ines', 'User28@example.org', 'DE', 5077.14, 42.17, 1.125, '1978-02-18', '2024-02-20 12:28:58.868', '2025-03-01 08:00:08', '196:28:00', b'11100', 4, NULL, 'b,c', 'I am Ines, number 28.
Second line', x'0c0d0e0f');
INSERT INTO users VALUES (-9223372036854775808, 'Noor', 'USER29@example.org', 'FR', 7967.10, NULL, NULL, '1979-03-19', '2024-03-21 12:29:59.899', NULL, '-03:29:00', b'11101', 5, 'glad', 'a,b,c', 'I am Noor, number 29.
Second line', x'3132333435');

INSERT INTO orders VALUES (2, 1, 5, 5, 206.61, 'sent', '2024-02-01 11:00:00');
INSERT INTO orders VALUES (3, 1, 3, 3, 390.52, 'done', '2024-03-01 11:00:00');
INSERT INTO orders VALUES (3, 2, 4, 5, 299.97, 'new', '2024-03-02 12:00:00');
INSERT INTO orders VALUES (4, 1, 1, 1, 177.90, 'new', '2024-04-01 11:00:00');
INSERT INTO orders VALUES (4, 2, 4, 1, 40.76, 'paid', '2024-04-02 12:00:00');
INSERT INTO orders VALUES (4, 3, 6, 3, 425.10, 'sent', '2024-04-03 13:00:00');
INSERT INTO orders VALUES (6, 1, 5, 4, 187.51, 'sent', '2024-06-01 11:00:00');
INSERT INTO orders VALUES (7, 1, 6, 4, 439.20, 'done', '2024-07-01 11:00:00');
INSERT INTO orders VALUES (7, 2, 3, 1, 303.57, 'new', '2024-07-02 12:00:00');
INSERT INTO orders VALUES (8, 1, 3, 2, 401.37, 'new', '2024-08-01 11:00:00');
INSERT INTO orders VALUES (8, 2, 1, 4, 39.63, 'paid', '2024-08-02 12:00:00');
INSERT INTO orders VALUES (8, 3, 2, 3, 85.76, 'sent', '2024-08-03 13:00:00');
INSERT INTO orders VALUES (10, 1, 6, 2, 261.76, 'sent', '2024-01-01 11:00:00');
INSERT INTO orders VALUES (11, 1, 4, 4, 53.80, 'done', '2024-02-01 11:00:00');
INSERT INTO orders VALUES (11, 2, 2, 4, 264.22, 'new', '2024-02-02 12:00:00');
INSERT INTO orders VALUES (12, 1, 5, 3, 90.73, 'new', '2024-03-01 11:00:00');
INSERT INTO orders VALUES (12, 2, 7, 4, 361.59, 'paid', '2024-03-02 12:00:00');
INSERT INTO orders VALUES (12, 3, 3, 4, 236.12, 'sent', '2024-03-03 13:00:00');
INSERT INTO orders VALUES (14, 1, 6, 4, 152.22, 'sent', '2024-05-01 11:00:00');
INSERT INTO orders VALUES (15, 1, 2, 1, 116.48, 'done', '2024-06-01 11:00:00');
INSERT INTO orders VALUES (15, 2, 2, 2, 432.56, 'new', '2024-06-02 12:00:00');
INSERT INTO orders VALUES (16, 1, 2, 1, 318.82, 'new', '2024-07-01 11:00:00');
INSERT INTO orders VALUES (16, 2, 7, 5, 120.50, 'paid', '2024-07-02 12:00:00');
INSERT INTO orders VALUES (16, 3, 3, 3, 3.68, 'sent', '2024-07-03 13:00:00');
INSERT INTO orders VALUES (18, 1, 2, 4, 351.34, 'sent', '2024-09-01 11:00:00');
INSERT INTO orders VALUES (19, 1, 3, 5, 372.15, 'done', '2024-01-01 11:00:00');
INSERT INTO orders VALUES (19, 2, 3, 2, 453.52, 'new', '2024-01-02 12:00:00');
INSERT INTO orders VALUES (20, 1, 7, 5, 405.74, 'new', '2024-02-01 11:00:00');
INSERT INTO orders VALUES (20, 2, 6, 1, 300.26, 'paid', '2024-02-02 12:00:00');
INSERT INTO orders VALUES (20, 3, 7, 5, 258.14, 'sent', '2024-02-03 13:00:00');
INSERT INTO orders VALUES (100, 1, 4, 4, 259.29, 'sent', '2024-04-01 11:00:00');
INSERT INTO orders VALUES (1000, 1, 1, 4, 416.68, 'done', '2024-05-01 11:00:00');
INSERT INTO orders VALUES (1000, 2, 4, 1, 125.91, 'new', '2024-05-02 12:00:00');
INSERT INTO orders VALUES (-1, 1, 1, 2, 289.76, 'new', '2024-06-01 11:00:00');
INSERT INTO orders VALUES (-1, 2, 2, 1, 223.85, 'paid', '2024-06-02 12:00:00');
INSERT INTO orders VALUES (-1, 3, 5, 1, 68.09, 'sent', '2024-06-03 13:00:00');

INSERT INTO order_items VALUES (2, 1, 1, 1, 25.78, 'fragile, handle');
INSERT INTO order_items VALUES (2, 1, 2, 5, 17.62, '');
INSERT INTO order_items VALUES (3, 2, 1, 3, 5.17, '');
INSERT INTO order_items VALUES (4, 1, 1, 1, 35.07, NULL);
INSERT INTO order_items VALUES (4, 2, 1, 5, 62.64, NULL);
INSERT INTO order_items VALUES (4, 2, 2, 2, 42.32, 'gift');
INSERT INTO order_items VALUES (7, 1, 1, 3, 60.66, '');
INSERT INTO order_items VALUES (7, 2, 1, 4, 21.12, '');
INSERT INTO order_items VALUES (7, 2, 2, 1, 80.96, NULL);
INSERT INTO order_items VALUES (8, 1, 1, 4, 79.70, NULL);
INSERT INTO order_items VALUES (8, 1, 2, 4, 52.09, 'gift');
INSERT INTO order_items VALUES (8, 3, 1, 1, 24.61, NULL);
INSERT INTO order_items VALUES (10, 1, 1, 1, 57.13, 'fragile, handle');
INSERT INTO order_items VALUES (11, 1, 1, 6, 44.37, '');
INSERT INTO order_items VALUES (11, 1, 2, 4, 27.45, NULL);
INSERT INTO order_items VALUES (12, 2, 1, 5, 4.78, NULL);
INSERT INTO order_items VALUES (12, 3, 1, 2, 87.54, NULL);
INSERT INTO order_items VALUES (12, 3, 2, 3, 25.01, 'gift');
INSERT INTO order_items VALUES (14, 1, 1, 6, 89.99, 'fragile, handle');
INSERT INTO order_items VALUES (14, 1, 2, 1, 87.52, '');
INSERT INTO order_items VALUES (15, 2, 1, 3, 15.91, '');
INSERT INTO order_items VALUES (16, 1, 1, 6, 43.78, NULL);
INSERT INTO order_items VALUES (16, 2, 1, 5, 61.08, NULL);
INSERT INTO order_items VALUES (16, 2, 2, 2, 59.27, 'gift');
INSERT INTO order_items VALUES (19, 1, 1, 2, 88.25, '');
INSERT INTO order_items VALUES (19, 2, 1, 5, 83.36, '');
INSERT INTO order_items VALUES (19, 2, 2, 3, 37.54, NULL);
INSERT INTO order_items VALUES (20, 1, 1, 5, 32.97, NULL);
INSERT INTO order_items VALUES (20, 1, 2, 2, 66.64, 'gift');
INSERT INTO order_items VALUES (20, 3, 1, 6, 38.14, NULL);
INSERT INTO order_items VALUES (100, 1, 1, 2, 85.80, 'fragile, handle');
INSERT INTO order_items VALUES (1000, 1, 1, 4, 59.25, '');
INSERT INTO order_items VALUES (1000, 1, 2, 6, 5.74, NULL);
INSERT INTO order_items VALUES (-1, 2, 1, 1, 46.77, NULL);
INSERT INTO order_items VALUES (-1, 3, 1, 4, 43.46, NULL);
INSERT INTO order_items VALUES (-1, 3, 2, 2, 57.40, 'gift');

INSERT INTO tickets VALUES (0, 'ticket 0', 0);
INSERT INTO tickets VALUES (1, 'ticket 1', 3);
INSERT INTO tickets VALUES (2, 'ticket 2', 6);
INSERT INTO tickets VALUES (3, 'ticket 3', NULL);
INSERT INTO tickets VALUES (4, 'ticket 4', 12);
INSERT INTO tickets VALUES (5, 'ticket 5', 15);
INSERT INTO tickets VALUES (6, 'ticket 6', 1);
INSERT INTO tickets VALUES (7, 'ticket 7', 4);
INSERT INTO tickets VALUES (8, 'ticket 8', NULL);
INSERT INTO tickets VALUES (9, 'ticket 9', 10);
INSERT INTO tickets VALUES (10, 'ticket 10', 13);
INSERT INTO tickets VALUES (11, 'ticket 11', 16);
INSERT INTO tickets VALUES (12, 'ticket 12', 2);
INSERT INTO tickets VALUES (13, 'ticket 13', NULL);
INSERT INTO tickets VALUES (14, 'ticket 14', 8);
INSERT INTO tickets VALUES (15, 'ticket 15', 11);
INSERT INTO tickets VALUES (16, 'ticket 16', 14);
INSERT INTO tickets VALUES (17, 'ticket 17', 0);
INSERT INTO tickets VALUES (18, 'ticket 18', NULL);
INSERT INTO tickets VALUES (19, 'ticket 19', 6);
INSERT INTO tickets VALUES (4294967295, 'ticket 4294967295', 0);
INSERT INTO tickets VALUES (1000000, 'ticket 1000000', 10);

INSERT INTO logins VALUES ('alice', 5);
INSERT INTO logins VALUES ('bob', 3);
INSERT INTO logins VALUES ('Alice', 5);
INSERT INTO logins VALUES ('carol', 5);
INSERT INTO logins VALUES ('dave', 4);
INSERT INTO logins VALUES ('erin', 4);
INSERT INTO logins VALUES ('x y', 3);
INSERT INTO logins VALUES ('O''Hara', 6);
INSERT INTO logins VALUES ('back\\slash', 10);
INSERT INTO logins VALUES ('42', 2);
INSERT INTO logins VALUES ('042', 3);
INSERT INTO logins VALUES ('', 0);

CREATE TABLE samples (
  sample_id INT NOT NULL PRIMARY KEY,
  grp INT DEFAULT NULL,
  tiny TINYINT DEFAULT NULL,
  small SMALLINT UNSIGNED DEFAULT NULL,
  medium MEDIUMINT DEFAULT NULL,
  big BIGINT DEFAULT NULL,
  ubig BIGINT UNSIGNED DEFAULT NULL,
  flag BOOL DEFAULT NULL,
  amount DECIMAL(9,3) DEFAULT NULL,
  huge DECIMAL(38,10) DEFAULT NULL,
  single FLOAT DEFAULT NULL,
  twice DOUBLE DEFAULT NULL,
  bits BIT(12) DEFAULT NULL,
  fixed CHAR(6) DEFAULT NULL,
  varied VARCHAR(30) DEFAULT NULL,
  body TEXT,
  raw BINARY(4) DEFAULT NULL,
  vraw VARBINARY(8) DEFAULT NULL,
  bin BLOB,
  day DATE DEFAULT NULL,
  at DATETIME DEFAULT NULL,
  precisely DATETIME(6) DEFAULT NULL,
  stamp TIMESTAMP NULL DEFAULT NULL,
  span TIME DEFAULT NULL,
  fine TIME(3) DEFAULT NULL,
  year YEAR DEFAULT NULL,
  level ENUM('low','mid','high') DEFAULT NULL,
  marks SET('x','y','z') DEFAULT NULL,
  doc JSON DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE words (
  word_id INT NOT NULL PRIMARY KEY,
  general VARCHAR(20) COLLATE utf8mb4_general_ci DEFAULT NULL,
  uca VARCHAR(20) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  binary_text VARCHAR(20) COLLATE utf8mb4_bin DEFAULT NULL,
  latin VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,
  fixed CHAR(12) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  bytes VARBINARY(20) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO samples VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1.500, 1.5000000000, 0.5, 0.125, b'1', 'a', 'apple', 'Body one', x'00000001', x'01', x'00ff', '2024-02-29', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00', '12:00:00', '12:00:00.500', 2024, 'low', 'x', '{"a": 1}');
INSERT INTO samples VALUES (2, 1, -1, 65535, -8388608, -9223372036854775808, 0, 0, -1.500, -1.5000000000, -0.5, -0.125, b'0', 'A', 'Apple', 'body ONE', x'00000000', x'', x'', '1000-01-01', '1000-01-01 00:00:00', '1000-01-01 00:00:00.999999', '1970-01-02 00:00:00', '-838:59:59', '-00:00:00.001', 1901, 'high', '', '[1, 2, 3]');
INSERT INTO samples VALUES (3, 1, 127, 0, 8388607, 9223372036854775807, 18446744073709551615, 1, 999999.999, 9999999999999999999999999999.9999999999, 1024, 1e15, b'111111111111', 'á', 'äpple', NULL, x'ffffffff', x'ffffffffffffffff', x'ff', '9999-12-31', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999999', '2038-01-18 03:14:07', '838:59:59', '838:59:59.000', 2155, 'mid', 'x,y,z', 'null');
INSERT INTO samples VALUES (4, 1, -128, 2, 0, 0, 9223372036854775808, 0, 0.000, 0.0000000000, 0, 0, b'10', '', '', '', x'61000000', x'61', x'61', '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00.000000', NULL, '00:00:00', '00:00:00.000', 0, 'low', 'y', '"text"');
INSERT INTO samples VALUES (5, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO samples VALUES (6, 2, 1, 1, 1, 1, 1, 1, 1.500, 1.5000000000, 0.5, 0.125, b'1', 'a ', 'apple ', 'Body one ', x'00000001', x'0100', x'00ff', '2024-02-29', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00', '12:00:00', '12:00:00.500', 2024, 'low', 'x', '{"a": 1}');
INSERT INTO samples VALUES (7, 2, 5, 500, -5, 4294967296, 4294967296, 0, -0.001, 0.0000000001, 3.25, 2.5, b'101', 'ß', 'straße', 'Straße', x'7a7a7a7a', x'7a', x'7a00', '2023-12-31', '2023-12-31 23:59:59', '2023-12-31 23:59:59.500000', '2023-12-31 23:59:59', '-12:00:00', '-12:00:00.250', 1999, 'mid', 'z', '{"b": [1, {"c": null}]}');
INSERT INTO samples VALUES (8, 3, 5, 500, -5, 4294967296, 4294967297, 1, -0.001, -0.0000000001, 3.25, 2.5, b'101', 'ss', 'strasse', 'STRASSE', x'7a7a7a7a', x'7a', x'7a00', '2023-12-31', NULL, NULL, '2023-12-31 23:59:59', NULL, NULL, 1999, 'mid', 'y,z', '{"b": [1, {"c": null}]}');
INSERT INTO samples VALUES (9, 3, NULL, 7, NULL, 7, NULL, NULL, 7.007, NULL, NULL, 7, NULL, '日本', 'Tokyo 日本', NULL, NULL, x'e697a5', NULL, '2024-01-31', '2024-01-31 01:01:01', NULL, NULL, '01:01:01', NULL, 2000, NULL, 'x,z', NULL);
INSERT INTO samples VALUES (10, 3, 7, NULL, 7, NULL, 7, 1, NULL, 7.7777777777, 7, NULL, b'111', NULL, NULL, 'seven', x'37000000', NULL, x'37', NULL, NULL, '2024-01-31 01:01:01.010101', '2024-01-31 01:01:01', NULL, '01:01:01.010', NULL, 'high', NULL, '7');
INSERT INTO samples VALUES (11, NULL, 1, 1, 2, 3, 5, 0, 8.130, 13.2100000000, 21.5, 34.25, b'11', 'fib', 'Fibonacci', '1 1 2 3 5', x'01010203', x'0508', x'0d15', '2024-03-01', '2024-03-01 00:00:00', '2024-03-01 00:00:00.123456', '2024-03-01 00:00:00', '00:00:01', '00:00:00.001', 2013, 'high', 'x,y', '[1, 1, 2, 3, 5]');
INSERT INTO samples VALUES (12, NULL, -1, 1, -2, -3, 5, 1, -8.130, -13.2100000000, -21.5, -34.25, b'100', 'FIB', 'FIBONACCI', '-1', x'ff000000', x'ff', x'00', '2024-03-01', '2024-03-01 00:00:00', '2024-03-01 00:00:00.123456', '2024-03-01 00:00:00', '-00:00:01', '-00:00:00.001', 2013, 'low', 'z', '[]');

INSERT INTO words VALUES (1, 'a', 'a', 'a', 'a', 'b', x'61');
INSERT INTO words VALUES (2, 'A', 'A', 'A', 'A', 'é', x'41');
INSERT INTO words VALUES (3, 'á', 'á', 'á', 'á', '0', x'c3a1');
INSERT INTO words VALUES (4, 'a ', 'a ', 'a ', 'a ', '本日', x'6120');
INSERT INTO words VALUES (5, 'Ä', 'Ä', 'Ä', 'Ä', 'ZURICH', x'c384');
INSERT INTO words VALUES (6, 'b', 'b', 'b', 'b', 'á', x'62');
INSERT INTO words VALUES (7, 'B', 'B', 'B', 'B', 'ß', x'42');
INSERT INTO words VALUES (8, 'ß', 'ß', 'ß', 'ß', 'E ', x'c39f');
INSERT INTO words VALUES (9, 'ss', 'ss', 'ss', 'ss', '9', x'7373');
INSERT INTO words VALUES (10, 'SS', 'SS', 'SS', 'SS', '😀', x'5353');
INSERT INTO words VALUES (11, 'é', 'é', 'é', 'é', NULL, x'c3a9');
INSERT INTO words VALUES (12, 'e', 'e', 'e', 'e', 'Ä', x'65');
INSERT INTO words VALUES (13, 'E ', 'E ', 'E ', 'E ', 'SS', x'4520');
INSERT INTO words VALUES (14, 'z', 'z', 'z', 'z', '', x'7a');
INSERT INTO words VALUES (15, '', '', '', '', '日本', x'');
INSERT INTO words VALUES (16, '0', '0', '0', '0', 'zurich', x'30');
INSERT INTO words VALUES (17, '10', '10', '10', '10', 'A', x'3130');
INSERT INTO words VALUES (18, '9', '9', '9', '9', 'B', x'39');
INSERT INTO words VALUES (19, 'o''clock', 'o''clock', 'o''clock', 'o''clock', 'e', x'6f27636c6f636b');
INSERT INTO words VALUES (20, '日本', '日本', '日本', '?nihon', '10', x'e697a5e69cac');
INSERT INTO words VALUES (21, '本日', '本日', '本日', '?honjitsu', '🚀', x'e69cace697a5');
INSERT INTO words VALUES (22, '🚀', '🚀', '🚀', '?rocket', NULL, x'f09f9a80');
INSERT INTO words VALUES (23, '😀', '😀', '😀', '?smile', 'a ', x'f09f9880');
INSERT INTO words VALUES (24, 'Zürich', 'Zürich', 'Zürich', 'Zürich', 'ss', x'5ac3bc72696368');
INSERT INTO words VALUES (25, 'zurich', 'zurich', 'zurich', 'zurich', 'z', x'7a7572696368');
INSERT INTO words VALUES (26, 'ZURICH', 'ZURICH', 'ZURICH', 'ZURICH', 'o''clock', x'5a5552494348');
INSERT INTO words VALUES (27, NULL, NULL, NULL, NULL, 'Zürich', NULL);
INSERT INTO words VALUES (28, NULL, NULL, NULL, NULL, 'a', NULL);
