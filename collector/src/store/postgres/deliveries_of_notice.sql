SELECT
    id, notice, digest, case_event, contact, member, revision, reminder, state, attempts, queued_at,
    next_attempt_at, claimed_at, sent_at, last_error, message_id
FROM deliveries
WHERE
    notice = $1
    OR digest IN (SELECT digest FROM digest_notices WHERE digest_notices.notice = $1)
ORDER BY queued_at, id
