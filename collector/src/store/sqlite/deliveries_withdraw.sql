UPDATE deliveries
SET state = 'withdrawn'
WHERE notice = ?1 AND state = 'queued'
