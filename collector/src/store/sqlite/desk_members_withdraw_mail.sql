UPDATE deliveries
SET state = 'withdrawn'
WHERE member = ?1 AND state = 'queued'
