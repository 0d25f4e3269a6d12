UPDATE hosts
SET collect_request = $2, collect_requested_at = $3
WHERE id = $1 AND retired_at IS NULL
