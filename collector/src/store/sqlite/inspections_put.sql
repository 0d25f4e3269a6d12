INSERT INTO inspections (
    id, contract, period, state, assessed_at, pack_version, assessment_key
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (contract, period) DO UPDATE SET
    state = excluded.state,
    assessed_at = excluded.assessed_at,
    pack_version = excluded.pack_version,
    assessment_key = excluded.assessment_key
