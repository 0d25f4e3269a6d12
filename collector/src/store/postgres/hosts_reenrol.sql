UPDATE hosts
SET hostname = $2, machine_sha256 = $3, agent_version = $4, enrolled_at = $5, last_seen = $5
WHERE id = $1 AND retired_at IS NULL
