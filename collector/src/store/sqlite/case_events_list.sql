SELECT id, case_id, at, actor, kind, internal, from_state, to_state, host, body
FROM case_events
WHERE case_id = ?1
ORDER BY at, id
LIMIT ?2
