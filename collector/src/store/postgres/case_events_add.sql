INSERT INTO case_events (
    id, case_id, at, actor, kind, internal, from_state, to_state, host, body
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
