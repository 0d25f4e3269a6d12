SELECT
    id, notice, digest, case_event, contact, member, revision, reminder, state, attempts, queued_at,
    next_attempt_at, claimed_at, sent_at, last_error, message_id
FROM deliveries
WHERE ?1 IS NULL OR state = ?1
ORDER BY queued_at DESC, id DESC
LIMIT ?2
