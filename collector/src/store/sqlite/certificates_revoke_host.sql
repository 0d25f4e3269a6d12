UPDATE certificates
SET revoked_at = ?2, reason = ?3
WHERE host = ?1 AND revoked_at IS NULL
