UPDATE deliveries
SET
    state = ?2, next_attempt_at = ?3, last_error = ?4, message_id = ?5, sent_at = ?6,
    claimed_at = NULL
WHERE id = ?1 AND state = 'sending'
