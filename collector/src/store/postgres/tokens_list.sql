SELECT
    secret_sha256, contract, created, expires_at, used_at, used_by_host, note, hostname, role,
    importance, reenrols
FROM tokens
WHERE ($1::uuid IS NULL OR contract = $1)
ORDER BY created, secret_sha256
