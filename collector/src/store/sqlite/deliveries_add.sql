-- Once a contact and revision; one that was taken back before it went may come again.
INSERT INTO deliveries (
    id, notice, digest, contact, revision, reminder, state, attempts, queued_at, next_attempt_at,
    claimed_at, sent_at, last_error, message_id
)
VALUES (?1, ?2, NULL, ?3, ?4, ?5, 'queued', 0, ?6, ?6, NULL, NULL, '', '')
ON CONFLICT (notice, contact, revision, reminder) DO UPDATE SET
    state = 'queued',
    next_attempt_at = excluded.next_attempt_at
WHERE deliveries.state = 'withdrawn'
