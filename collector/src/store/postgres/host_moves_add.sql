INSERT INTO host_moves (
    id, host, from_contract, to_contract, moved_at, moved_by
)
VALUES ($1, $2, $3, $4, $5, $6)
