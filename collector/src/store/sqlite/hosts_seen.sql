UPDATE hosts
SET last_seen = ?2
WHERE id = ?1
