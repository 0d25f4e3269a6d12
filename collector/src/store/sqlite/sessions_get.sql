SELECT secret_sha256, person, stage, created, seen_at, expires_at, address, browser
FROM sessions
WHERE secret_sha256 = ?1
