INSERT INTO support_pattern_changes (id, pattern, at, made_by, revision, state, yaml)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
