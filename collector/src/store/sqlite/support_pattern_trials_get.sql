SELECT pattern, revision, tried_at, result
FROM support_pattern_trials
WHERE pattern = ?1 AND revision = ?2
