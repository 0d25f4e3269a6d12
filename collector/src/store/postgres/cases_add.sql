INSERT INTO cases (
    id, contract, year, serial, channel, severity, emergency, title, description, state, opened_at,
    opened_by, assignee, responded_at, pauses, warned_at, breached_at, cause, resolution, resolved_at,
    closed_at, revision
)
VALUES (
    $1, $2, $3, (SELECT COALESCE(MAX(serial), 0) + 1 FROM cases WHERE year = $3), $4, $5, $6, $7,
    $8, 'open', $9, $10, $11, NULL, '[]', NULL, NULL, '', '', NULL, NULL, 1
)
