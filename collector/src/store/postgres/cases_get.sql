SELECT id, contract, year, serial, channel, severity, emergency, title, description, state, opened_at,
    opened_by, assignee, responded_at, pauses, warned_at, breached_at, cause, resolution, resolved_at,
    closed_at, revision
FROM cases
WHERE id = $1
