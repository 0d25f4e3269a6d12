-- Of any number of jobs exactly one changes the row.
UPDATE deliveries
SET state = 'sending', claimed_at = $2, attempts = attempts + 1
WHERE id = $1 AND state = 'queued' AND next_attempt_at <= $2
