SELECT s.id, s.host, s.sha256, s.bytes, s.stored_bytes, s.reason, s.period, s.taken_at,
    s.received_at, s.object_key, s.recorded
FROM snapshots AS s
JOIN hosts AS h ON h.id = s.host
LEFT JOIN inventories AS i ON i.host = s.host
WHERE h.retired_at IS NULL
    AND s.taken_at = (SELECT max(o.taken_at) FROM snapshots AS o WHERE o.host = s.host)
    AND (i.snapshot IS NULL OR (i.snapshot <> s.id AND i.taken_at < s.taken_at))
ORDER BY s.host, s.id
LIMIT $1
