SELECT id, case_id, at, actor, kind, internal, from_state, to_state, host, body
FROM case_events
WHERE id = $1
