-- about: JSON whose scalars are more than JSON text can say: a copy of the value must keep their types.

-- only: MySQL
-- natural key
UPDATE samples SET doc = JSON_OBJECT('d', DATE'2024-01-01', 'n', 1.50, 'é "q"', JSON_ARRAY(TIME'-10:00:00.5', JSON_OBJECT('u', CAST(5 AS UNSIGNED), 'x', 2.5e0), x'00fe', TIMESTAMP'2024-05-01 10:00:00'), 't', true, 'z', NULL) WHERE sample_id = 1;
UPDATE samples SET doc = JSON_ARRAY(-0.10, 18446744073709551615, '1.50', 'it''s \\ "x"') WHERE sample_id = 2;
UPDATE samples SET doc = CAST(12.340 AS JSON) WHERE sample_id = 3;
UPDATE samples SET doc = JSON_ARRAY(day, at, stamp, fine, year, amount, huge) WHERE sample_id IN (4, 7);
SELECT x.sample_id, x.doc, JSON_TYPE(x.doc), JSON_TYPE(JSON_EXTRACT(x.doc, '$.d')), JSON_TYPE(JSON_EXTRACT(x.doc, '$.n')), JSON_TYPE(JSON_EXTRACT(x.doc, '$."é \"q\""[0]')), JSON_TYPE(JSON_EXTRACT(x.doc, '$."é \"q\""[1].u')), JSON_TYPE(JSON_EXTRACT(x.doc, '$."é \"q\""[1].x')), JSON_TYPE(JSON_EXTRACT(x.doc, '$."é \"q\""[2]')), JSON_TYPE(JSON_EXTRACT(x.doc, '$."é \"q\""[3]')), JSON_TYPE(JSON_EXTRACT(x.doc, '$[0]')), JSON_TYPE(JSON_EXTRACT(x.doc, '$[1]')), JSON_TYPE(JSON_EXTRACT(x.doc, '$[2]')) FROM samples x JOIN samples y ON x.sample_id = y.sample_id + 0 ORDER BY x.sample_id;
SELECT COUNT(DISTINCT JSON_TYPE(doc)), COUNT(*) + 1 FROM samples;
UPDATE samples SET sample_id = sample_id + 1000 WHERE sample_id <= 7;
SELECT sample_id, doc, JSON_TYPE(doc), JSON_TYPE(JSON_EXTRACT(doc, '$.d')), JSON_TYPE(JSON_EXTRACT(doc, '$.n')), JSON_TYPE(JSON_EXTRACT(doc, '$[0]')), JSON_TYPE(JSON_EXTRACT(doc, '$[1]')) FROM samples ORDER BY sample_id;

-- only: MySQL
-- natural key
UPDATE samples SET doc = JSON_ARRAY(CAST('a' AS CHAR), bits) WHERE sample_id = 1;
-- refused: 1235 copying the JSON of column 'doc'
SELECT x.doc FROM samples x JOIN samples y ON x.sample_id = y.sample_id + 0 ORDER BY x.sample_id;
-- refused: 1235 copying the JSON of column 'doc'
UPDATE samples SET sample_id = sample_id + 1000 WHERE sample_id <= 7;
