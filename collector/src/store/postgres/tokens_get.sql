SELECT
    secret_sha256, contract, created, expires_at, used_at, used_by_host, note, hostname, role,
    importance, reenrols
FROM tokens
WHERE secret_sha256 = $1
