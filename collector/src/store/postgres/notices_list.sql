SELECT
    id, contract, advisory, updated, kind, severity, exploited, content, revision, reason, state,
    hold, queued_revision, escalated_revision, risk_ko, risk_en, how_ko, how_en, drafted_at,
    revised_at, sent_at, read_at
FROM notices
WHERE
    ($1::uuid IS NULL OR contract = $1)
    AND (revised_at >= $2 OR state <> 'verified')
ORDER BY drafted_at, id
LIMIT $3
