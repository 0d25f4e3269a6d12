INSERT INTO inventories (host, snapshot, taken_at, object_key)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (host) DO UPDATE SET
    snapshot = excluded.snapshot,
    taken_at = excluded.taken_at,
    object_key = excluded.object_key
WHERE excluded.taken_at >= inventories.taken_at
