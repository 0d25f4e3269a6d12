SELECT id, secret_sha256, person, name, writes, created, expires_at, used_at, revoked_at
FROM access_tokens
WHERE secret_sha256 = ?1
