-- about: Text is equal, less and grouped as its own collation says: case, accents, sharp s, trailing spaces, emoji.
SELECT word_id FROM words ORDER BY general, word_id;

SELECT word_id FROM words ORDER BY uca, word_id;

SELECT word_id FROM words ORDER BY binary_text, word_id;

SELECT word_id FROM words ORDER BY latin, word_id;

SELECT word_id FROM words ORDER BY fixed DESC, word_id;

SELECT word_id FROM words ORDER BY bytes, word_id;

SELECT MIN(word_id), COUNT(*) FROM words GROUP BY general ORDER BY 1;

SELECT MIN(word_id), COUNT(*) FROM words GROUP BY uca ORDER BY 1;

SELECT MIN(word_id), COUNT(*) FROM words GROUP BY binary_text ORDER BY 1;

SELECT MIN(word_id), COUNT(*) FROM words GROUP BY latin ORDER BY 1;

SELECT MIN(word_id), COUNT(*) FROM words GROUP BY fixed ORDER BY 1;

SELECT bytes, COUNT(*) FROM words GROUP BY bytes ORDER BY bytes;

SELECT COUNT(DISTINCT general), COUNT(DISTINCT uca), COUNT(DISTINCT binary_text), COUNT(DISTINCT latin), COUNT(DISTINCT fixed), COUNT(DISTINCT bytes) FROM words;

SELECT MIN(bytes), MAX(bytes) FROM words;

SELECT MAX(uca), MAX(general) FROM words WHERE word_id IN (5, 7, 8, 14);

SELECT COUNT(*) FROM (SELECT DISTINCT general FROM words) t;

SELECT a.word_id, b.word_id FROM words a JOIN words b ON a.uca = b.uca AND a.word_id < b.word_id ORDER BY 1, 2;

SELECT a.word_id, b.word_id FROM words a JOIN words b ON a.general = b.general AND a.binary_text <> b.binary_text ORDER BY 1, 2;

SELECT a.word_id, b.word_id FROM words a JOIN words b ON a.latin = b.latin AND a.word_id < b.word_id ORDER BY 1, 2;

SELECT word_id FROM words WHERE general = 'A' ORDER BY word_id;

SELECT word_id FROM words WHERE uca = 'ss' ORDER BY word_id;

SELECT word_id FROM words WHERE binary_text = 'a' ORDER BY word_id;

SELECT word_id FROM words WHERE latin LIKE 'z%' ORDER BY latin, word_id;

SELECT word_id FROM words WHERE general IN ('zurich', '😀') ORDER BY word_id;

SELECT word_id FROM words WHERE bytes = 'a ' ORDER BY word_id;

-- about: 'a' and 'a ' are one group, and either stands for it.
-- text
-- ignore: trailing blanks
SELECT general COLLATE utf8mb4_bin AS exactly, COUNT(*) FROM words GROUP BY exactly ORDER BY exactly;

SELECT word_id FROM words ORDER BY general COLLATE utf8mb4_unicode_ci DESC, word_id LIMIT 10;

SELECT UPPER(latin) = UPPER(general) AS same, COUNT(*) FROM words GROUP BY same ORDER BY same;

SELECT GROUP_CONCAT(binary_text ORDER BY binary_text, word_id SEPARATOR '|') FROM words WHERE word_id < 20;

SELECT GROUP_CONCAT(word_id ORDER BY uca, word_id) FROM words;

SELECT COUNT(*) FROM words a JOIN words b ON a.general = b.latin;

SELECT CHAR_LENGTH(fixed), LENGTH(fixed), COUNT(*) FROM words GROUP BY CHAR_LENGTH(fixed), LENGTH(fixed) ORDER BY 1, 2;

SELECT uca > 'b' AS behind, COUNT(*) FROM words GROUP BY behind ORDER BY behind;

-- params: 'É'
-- params: 'SS'
SELECT word_id FROM words WHERE uca = ? ORDER BY general DESC, word_id;

SET NAMES latin1;
SELECT MIN(word_id), COUNT(*) FROM words GROUP BY latin ORDER BY 1;
SELECT latin FROM words WHERE word_id IN (3, 7, 11) ORDER BY latin;
SELECT GROUP_CONCAT(latin ORDER BY word_id) FROM words WHERE word_id < 12;

-- about: Padding is that of an expression's own collation: of none of its columns', or of the session's.
SELECT CONCAT(general, uca) AS x, COUNT(*) FROM words GROUP BY x ORDER BY x;

SELECT DISTINCT CONCAT(general, uca, SPACE(word_id % 2)) AS x FROM words ORDER BY x;

SELECT word_id FROM words ORDER BY IFNULL(uca, general), word_id LIMIT 14;

SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
SELECT COUNT(*), MIN(word_id) FROM words GROUP BY IF(word_id % 3, 'a', 'a ') ORDER BY MIN(word_id);
SELECT COUNT(*), MIN(word_id) FROM words GROUP BY SPACE(word_id % 3) ORDER BY MIN(word_id);
SELECT word_id FROM words ORDER BY ELT(1 + word_id % 3, 'ß', 'ss', 'ss '), word_id LIMIT 9;
SELECT LENGTH(x) > 2 FROM (SELECT SPACE(word_id % 3) AS x FROM words UNION SELECT '') q;
SELECT CONCAT(SPACE(word_id % 3), 'b') AS x FROM words UNION SELECT 'b' ORDER BY x;

SET NAMES latin1;
SELECT COUNT(*), MIN(word_id) FROM words GROUP BY SPACE(word_id % 3) ORDER BY MIN(word_id);
SELECT word_id FROM words ORDER BY CONCAT(latin, SPACE(word_id % 2)), RPAD('', word_id % 3, ' '), word_id DESC LIMIT 9;
SELECT MAX(SPACE(word_id % 3)) = '', COUNT(DISTINCT RPAD('a', word_id % 3, ' ')) FROM words;

SET NAMES gbk;
SELECT COUNT(*), MIN(word_id) FROM words GROUP BY SPACE(word_id % 3) ORDER BY MIN(word_id);

SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SELECT COUNT(*), MIN(word_id) FROM words GROUP BY RPAD('', word_id % 3, ' '), COALESCE(general, latin) ORDER BY MIN(word_id);
