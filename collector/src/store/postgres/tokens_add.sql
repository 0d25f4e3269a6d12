INSERT INTO tokens (
    secret_sha256, contract, created, expires_at, used_at, used_by_host, note, hostname, role,
    importance, reenrols
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
