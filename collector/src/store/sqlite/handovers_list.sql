SELECT
    host, number, sha256, before_sha256, before_period, period, snapshot, certificate_pem,
    imported_at
FROM handovers
WHERE host = ?1
ORDER BY number DESC
LIMIT ?2
