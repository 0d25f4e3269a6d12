UPDATE people
SET name = ?2, role = ?3, language = ?4, disabled_at = ?5
WHERE id = ?1
