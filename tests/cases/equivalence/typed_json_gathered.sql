-- about: JSON stays JSON where it passes through a temporary table: no string of text.
SELECT JSON_ARRAY((SELECT MAX(doc) FROM samples)), JSON_ARRAY((SELECT JSON_ARRAYAGG(level) FROM samples WHERE sample_id = 4)), (SELECT COUNT(*) FROM tickets);

SELECT JSON_ARRAY(q.doc) FROM (SELECT DISTINCT doc FROM samples) q JOIN (SELECT COUNT(*) AS n FROM tickets) r ORDER BY 1;

SELECT JSON_ARRAY(q.doc), q.n FROM (SELECT doc, COUNT(*) AS n FROM samples GROUP BY doc) q JOIN tickets t ON t.ticket_id = q.n ORDER BY 1, 2;

SELECT JSON_ARRAY(1, t.title) AS j FROM tickets t WHERE t.ticket_id < 3 UNION ALL SELECT DISTINCT JSON_ARRAY(level, 'x') FROM users ORDER BY 1;

SELECT JSON_ARRAY(doc), COUNT(DISTINCT grp) FROM samples GROUP BY doc ORDER BY 1;

SELECT JSON_ARRAY(MAX(doc)), COUNT(DISTINCT grp), JSON_OBJECT('m', MIN(doc)) FROM samples GROUP BY grp ORDER BY 1, 2;

SELECT JSON_ARRAY(q.doc) FROM (SELECT DISTINCT doc FROM samples) q ORDER BY 1;

SELECT JSON_ARRAY(q.m) FROM (SELECT grp, MAX(doc) AS m FROM samples GROUP BY grp) q ORDER BY 1;

SELECT JSON_ARRAY(doc), SUM(grp) + 1 FROM samples GROUP BY doc HAVING SUM(grp) + 1 > 0 ORDER BY 1;

SELECT JSON_ARRAY(a.doc) FROM samples a JOIN samples b ON a.small = b.sample_id ORDER BY 1;

SELECT JSON_OBJECT('d', a.doc, 't', a.body) FROM samples a JOIN samples b ON a.small = b.sample_id AND a.doc IS NOT NULL ORDER BY 1;

SELECT JSON_ARRAY(d.doc) FROM (SELECT a.doc, ROW_NUMBER() OVER (ORDER BY a.sample_id) AS n FROM samples a) d WHERE d.n < 9 ORDER BY d.n;

SELECT a.doc, JSON_EXTRACT(a.doc, '$[0]') FROM samples a JOIN samples b ON a.small = b.sample_id ORDER BY 1;

SELECT JSON_ARRAY(JSON_OBJECT('g', grp)), COUNT(DISTINCT sample_id) FROM samples GROUP BY JSON_OBJECT('g', grp) ORDER BY 1;

SELECT JSON_MERGE_PRESERVE('[]', doc), COUNT(DISTINCT grp) FROM samples WHERE doc IS NOT NULL GROUP BY doc ORDER BY 1;
