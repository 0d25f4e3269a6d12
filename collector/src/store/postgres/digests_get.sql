SELECT
    id, contract, due_at, made_at
FROM digests
WHERE id = $1
