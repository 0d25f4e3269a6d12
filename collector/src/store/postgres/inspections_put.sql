-- What is published is changed by a new edition alone. A missed window stays missed.
INSERT INTO inspections (
    id, contract, period, state, assessed_at, pack_version, assessment_key, missed_at,
    hosts_answered
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (contract, period) DO UPDATE SET
    state = excluded.state,
    assessed_at = excluded.assessed_at,
    pack_version = excluded.pack_version,
    assessment_key = excluded.assessment_key,
    missed_at = COALESCE(inspections.missed_at, excluded.missed_at),
    hosts_answered = excluded.hosts_answered
WHERE inspections.state NOT IN ('published', 'acknowledged')
