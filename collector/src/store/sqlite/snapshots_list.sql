SELECT
    id, host, sha256, bytes, stored_bytes, reason, period, taken_at, received_at, object_key,
    recorded
FROM snapshots
WHERE host = ?1
ORDER BY taken_at DESC, id DESC
LIMIT ?2
