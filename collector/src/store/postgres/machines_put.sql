INSERT INTO machines (
    host, machine_sha256, first_seen, last_seen, snapshot
)
VALUES ($1, $2, $3, $3, $4)
ON CONFLICT (host, machine_sha256) DO UPDATE
SET last_seen = excluded.last_seen, snapshot = excluded.snapshot,
    settled = NULL, settled_at = NULL, settled_by = ''
