SELECT
    id, area, state, revision, yaml, case_id, host, incident_at, changed_at, changed_by
FROM support_patterns
WHERE id = ?1
