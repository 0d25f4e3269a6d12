UPDATE hosts
SET role = ?2, importance = ?3
WHERE id = ?1
