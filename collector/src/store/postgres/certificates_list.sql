SELECT
    serial, host, not_before, not_after, revoked_at, reason
FROM certificates
WHERE host = $1
ORDER BY not_before, serial
