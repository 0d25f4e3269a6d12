UPDATE certificates
SET revoked_at = ?2, reason = ?3
WHERE serial = ?1 AND revoked_at IS NULL
