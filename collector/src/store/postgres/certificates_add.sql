INSERT INTO certificates (
    serial, host, not_before, not_after, revoked_at, reason
)
VALUES ($1, $2, $3, $4, $5, $6)
