INSERT INTO support_patterns (
    id, area, state, revision, yaml, case_id, host, incident_at, changed_at, changed_by
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
