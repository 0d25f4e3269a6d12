UPDATE deliveries
SET state = 'uncertain', last_error = ?3, claimed_at = NULL
WHERE id = ?1 AND state = 'sending' AND claimed_at < ?2
