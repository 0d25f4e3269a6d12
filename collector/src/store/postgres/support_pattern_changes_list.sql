SELECT id, pattern, at, made_by, revision, state, yaml
FROM support_pattern_changes
WHERE pattern = $1
ORDER BY at, id
