SELECT
    host, machine_sha256, first_seen, last_seen, snapshot, settled, settled_at, settled_by
FROM machines
WHERE host = $1
ORDER BY first_seen, machine_sha256
