SELECT secret_sha256, person, stage, created, seen_at, expires_at, address, browser
FROM sessions
WHERE person = $1
ORDER BY seen_at DESC
