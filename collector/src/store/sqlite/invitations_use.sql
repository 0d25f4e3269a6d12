UPDATE invitations
SET used_at = ?2
WHERE secret_sha256 = ?1 AND used_at IS NULL AND expires_at > ?2
