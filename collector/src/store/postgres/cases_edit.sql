UPDATE cases
SET state = $3, assignee = $4, responded_at = $5, pauses = $6, warned_at = $7, breached_at = $8,
    cause = $9, resolution = $10, resolved_at = $11, closed_at = $12, revision = revision + 1
WHERE id = $1 AND revision = $2
