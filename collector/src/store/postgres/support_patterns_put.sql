UPDATE support_patterns
SET state = $4, revision = $5, yaml = $6, changed_at = $7, changed_by = $8
WHERE id = $1 AND revision = $2 AND state = $3
