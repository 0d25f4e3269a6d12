SELECT
    serial, host, not_before, not_after, revoked_at, reason
FROM certificates
WHERE serial = ?1
