SELECT
    id, host, from_contract, to_contract, moved_at, moved_by
FROM host_moves
WHERE host = ?1
ORDER BY moved_at, id
LIMIT ?2
