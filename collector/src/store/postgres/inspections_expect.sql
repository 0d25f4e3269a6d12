-- A row of a period that nobody has assessed; one that is there keeps all but its mark and state.
INSERT INTO inspections (
    id, contract, period, state, assessed_at, pack_version, assessment_key, missed_at,
    hosts_answered
)
VALUES ($1, $2, $3, $4, NULL, NULL, NULL, $5, NULL)
ON CONFLICT (contract, period) DO UPDATE SET
    state = excluded.state,
    missed_at = COALESCE(inspections.missed_at, excluded.missed_at)
WHERE
    inspections.state IN ('due', 'collecting')
    AND (
        inspections.state <> excluded.state
        OR (inspections.missed_at IS NULL AND excluded.missed_at IS NOT NULL)
    )
