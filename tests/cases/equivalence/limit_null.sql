-- about: A parameter of LIMIT that is NULL means no rows, or none that are left out.
SET @unset = NULL, @two = 2;
PREPARE s FROM 'SELECT user_id FROM users ORDER BY user_id LIMIT ?';
EXECUTE s USING @unset;
EXECUTE s USING @two;
PREPARE s FROM 'SELECT user_id FROM users WHERE user_id <> COALESCE(?, 3) ORDER BY user_id LIMIT ? OFFSET ?';
EXECUTE s USING @unset, @two, @unset;
EXECUTE s USING @two, @two, @two;
PREPARE s FROM 'SELECT user_id FROM users WHERE user_id IN (5, ?) ORDER BY user_id LIMIT ?, ?';
EXECUTE s USING @unset, @unset, @two;
EXECUTE s USING @two, @unset, @unset;
