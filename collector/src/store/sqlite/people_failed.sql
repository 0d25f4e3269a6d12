UPDATE people
SET failures = failures + 1,
    locked_until = CASE WHEN failures + 1 >= ?2 THEN ?3 ELSE locked_until END
WHERE id = ?1
