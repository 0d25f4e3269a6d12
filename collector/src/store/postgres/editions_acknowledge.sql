UPDATE editions
SET acknowledged_at = $2, acknowledged_by = $3, acknowledged_as = $4
WHERE id = $1 AND acknowledged_at IS NULL
