UPDATE deliveries
SET state = 'withdrawn'
WHERE id = ?1 AND state IN ('queued', 'uncertain')
