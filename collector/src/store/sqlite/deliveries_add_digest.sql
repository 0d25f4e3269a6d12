INSERT INTO deliveries (
    id, notice, digest, contact, revision, reminder, state, attempts, queued_at, next_attempt_at,
    claimed_at, sent_at, last_error, message_id
)
VALUES (?1, NULL, ?2, ?3, 0, ?4, 'queued', 0, ?5, ?5, NULL, NULL, '', '')
ON CONFLICT (digest, contact) DO NOTHING
