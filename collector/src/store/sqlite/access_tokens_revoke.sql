UPDATE access_tokens
SET revoked_at = ?3
WHERE id = ?1 AND person = ?2 AND revoked_at IS NULL
