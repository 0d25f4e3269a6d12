UPDATE hosts
SET contract = ?3
WHERE id = ?1 AND contract = ?2 AND retired_at IS NULL
