UPDATE deliveries
SET state = 'withdrawn'
WHERE contact = $1 AND state = 'queued'
