SELECT
    id, contract, due_at, made_at
FROM digests
WHERE contract = ?1
ORDER BY due_at DESC
LIMIT 1
