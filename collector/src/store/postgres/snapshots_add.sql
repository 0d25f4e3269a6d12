INSERT INTO snapshots (
    id, host, sha256, bytes, stored_bytes, reason, period, taken_at, received_at, object_key,
    recorded
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO NOTHING
