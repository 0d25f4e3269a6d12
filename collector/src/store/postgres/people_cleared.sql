UPDATE people
SET failures = 0, locked_until = NULL
WHERE id = $1
