INSERT INTO deliveries (
    id, notice, digest, case_event, contact, member, revision, reminder, state, attempts, queued_at,
    next_attempt_at, claimed_at, sent_at, last_error, message_id
)
VALUES ($1, NULL, NULL, $2, $3, $4, 0, $5, 'queued', 0, $6, $6, NULL, NULL, '', '')
