UPDATE people
SET totp_step = ?2, failures = 0, locked_until = NULL
WHERE id = ?1 AND totp_step < ?2
