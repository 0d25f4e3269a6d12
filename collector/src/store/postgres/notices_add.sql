-- One notice a contract and advisory, whichever job is first.
INSERT INTO notices (
    id, contract, advisory, updated, kind, severity, exploited, content, revision, reason, state,
    hold, queued_revision, escalated_revision, risk_ko, risk_en, how_ko, how_en, drafted_at,
    revised_at, sent_at, read_at
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, 1, 'new', 'drafted', $9, 0, 0, '', '', '', '', $10, $10, NULL,
    NULL
)
ON CONFLICT (contract, advisory) DO NOTHING
