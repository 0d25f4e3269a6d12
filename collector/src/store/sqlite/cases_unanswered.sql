SELECT id, contract, year, serial, channel, severity, emergency, title, description, state, opened_at,
    opened_by, assignee, responded_at, pauses, warned_at, breached_at, cause, resolution, resolved_at,
    closed_at, revision
FROM cases
WHERE responded_at IS NULL AND state IN ('open', 'in_progress', 'waiting_customer')
ORDER BY opened_at
LIMIT ?1
