SELECT id, contract, year, serial, channel, severity, emergency, title, description, state, opened_at,
    opened_by, assignee, responded_at, pauses, warned_at, breached_at, cause, resolution, resolved_at,
    closed_at, revision
FROM cases
WHERE ?1 IS NULL OR contract = ?1
ORDER BY opened_at DESC, id DESC
LIMIT ?2
