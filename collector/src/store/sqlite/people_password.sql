UPDATE people
SET password = ?2, failures = 0, locked_until = NULL
WHERE id = ?1
