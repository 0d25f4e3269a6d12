UPDATE hosts
SET machine_sha256 = ?2
WHERE id = ?1 AND retired_at IS NULL
