-- about: Every column type comes through each way of answering with its definition and bytes.
-- unordered
SELECT * FROM samples;

SELECT * FROM samples ORDER BY sample_id;

SELECT * FROM samples ORDER BY huge DESC, sample_id LIMIT 4;

SELECT s.* FROM samples s JOIN tickets t ON t.ticket_id = s.small ORDER BY s.sample_id;

-- ignore on MySQL: warnings
SELECT DISTINCT * FROM samples ORDER BY sample_id LIMIT 3;

-- unordered
SELECT * FROM samples UNION ALL SELECT * FROM samples WHERE sample_id = 3;

SELECT t.* FROM (SELECT * FROM samples WHERE grp = 1) t ORDER BY t.sample_id;

SELECT tiny, small, medium, big, ubig, flag FROM samples GROUP BY tiny, small, medium, big, ubig, flag ORDER BY tiny, small, medium, big, ubig, flag;

SELECT MIN(tiny), MIN(small), MIN(medium), MIN(big), MIN(ubig), MIN(flag), MIN(amount), MIN(huge), MIN(single), MIN(twice) FROM samples;

SELECT MAX(bits), MAX(day), MAX(at), MAX(precisely), MAX(stamp), MAX(span), MAX(fine), MAX(year), MAX(level), MAX(marks) FROM samples;

SELECT SUM(tiny), SUM(small), SUM(medium), SUM(year), SUM(level), SUM(bits) FROM samples;

SELECT AVG(small), AVG(medium), AVG(flag), AVG(year), AVG(level) FROM samples;

SELECT SUM(day), SUM(span), AVG(fine) FROM samples WHERE sample_id IN (1, 2, 6);

SELECT COUNT(tiny), COUNT(doc), COUNT(bin), COUNT(stamp) FROM samples;

SELECT sample_id, big + 1, ubig DIV 2, amount * huge, -single, twice / 4, bits + 0 FROM samples WHERE sample_id IN (1, 2, 4, 7) ORDER BY sample_id;

SELECT sample_id, CONCAT(fixed, '|', varied, '|'), HEX(raw), LENGTH(body) FROM samples ORDER BY sample_id;

SELECT sample_id, day + INTERVAL 1 DAY, at - INTERVAL 1 SECOND, ADDTIME(span, '00:00:01') FROM samples WHERE sample_id NOT IN (2, 3, 4) ORDER BY sample_id;

SELECT sample_id, YEAR(day), TIME(at), DATE(precisely), UNIX_TIMESTAMP(stamp) FROM samples ORDER BY sample_id;

SELECT sample_id, level + 0, marks + 0, year + 1 FROM samples ORDER BY sample_id;

SELECT sample_id, JSON_TYPE(doc), JSON_LENGTH(doc), JSON_EXTRACT(doc, '$.a') FROM samples ORDER BY sample_id;

SELECT sample_id, CAST(huge AS CHAR), CAST(amount AS SIGNED), CAST(varied AS BINARY), CAST(day AS DATETIME) FROM samples ORDER BY sample_id;

SELECT sample_id, COALESCE(tiny, huge), IFNULL(day, 'never'), NULLIF(level, 'low'), GREATEST(big, 0) FROM samples ORDER BY sample_id;

SELECT sample_id FROM samples WHERE ubig > 9223372036854775807 ORDER BY sample_id;

SELECT sample_id FROM samples WHERE huge = 1.5 OR amount = -1.5 ORDER BY sample_id;

SELECT sample_id FROM samples WHERE day < '1000-01-02' OR day > '2024-02-29' ORDER BY sample_id;

SELECT sample_id FROM samples WHERE span < 0 ORDER BY span, sample_id;

SELECT sample_id FROM samples WHERE FIND_IN_SET('y', marks) ORDER BY sample_id;

SELECT sample_id FROM samples WHERE bits & 4 ORDER BY sample_id;

SELECT sample_id FROM samples WHERE raw >= x'61' AND vraw <> '' ORDER BY sample_id;

SELECT stamp, COUNT(*) FROM samples GROUP BY stamp ORDER BY stamp;

SET time_zone = '+05:30';
SELECT sample_id, stamp FROM samples ORDER BY stamp, sample_id;
SELECT MAX(stamp), MIN(stamp) FROM samples;
SELECT stamp, COUNT(*) FROM samples GROUP BY stamp ORDER BY stamp DESC LIMIT 3;

-- params: 18446744073709551615
-- params: 7
-- params: NULL
SELECT sample_id FROM samples WHERE ubig = ? ORDER BY sample_id;

-- params: 1.5
-- params: -0.001
SELECT sample_id, amount FROM samples WHERE amount = ? ORDER BY sample_id;

-- params: '2024-02-29'
SELECT COUNT(*), MIN(at) FROM samples WHERE day = ?;

-- params: x'7a00'
SELECT sample_id FROM samples WHERE bin = ? ORDER BY sample_id;
