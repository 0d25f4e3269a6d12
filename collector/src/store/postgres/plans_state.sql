UPDATE plans
SET state = $3, verified_by = $4, verified_at = $5
WHERE id = $1 AND state = $2 AND superseded_at IS NULL
