SELECT
    id, notice, digest, case_event, contact, member, revision, reminder, state, attempts, queued_at,
    next_attempt_at, claimed_at, sent_at, last_error, message_id
FROM deliveries
WHERE state = 'sending' AND claimed_at < $1
ORDER BY claimed_at, id
LIMIT $2
