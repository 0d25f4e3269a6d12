INSERT INTO support_pattern_trials (pattern, revision, tried_at, result)
VALUES ($1, $2, $3, $4)
ON CONFLICT (pattern, revision) DO UPDATE SET
    tried_at = excluded.tried_at,
    result = excluded.result
