-- A person's word: it may arrive twice.
UPDATE deliveries
SET state = 'queued', attempts = 0, queued_at = ?2, next_attempt_at = ?2
WHERE id = ?1 AND state IN ('uncertain', 'failed', 'bounced', 'withdrawn')
