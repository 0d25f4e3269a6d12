UPDATE notices
SET state = 'read', read_at = $2
WHERE id = $1 AND state IN ('sent', 'delivered')
