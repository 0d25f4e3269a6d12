SELECT i.host, i.snapshot, i.taken_at, i.object_key
FROM inventories AS i
JOIN hosts AS h ON h.id = i.host
WHERE h.retired_at IS NULL AND i.object_key IS NOT NULL
ORDER BY i.host
