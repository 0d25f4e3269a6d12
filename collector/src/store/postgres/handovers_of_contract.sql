SELECT
    f.host, f.number, f.sha256, f.before_sha256, f.before_period, f.period, f.snapshot,
    f.certificate_pem, f.imported_at
FROM handovers AS f
JOIN hosts AS h ON h.id = f.host
WHERE h.contract = $1
ORDER BY f.number DESC, f.host
LIMIT $2
