SELECT
    id, contract, period, state, assessed_at, pack_version, assessment_key, missed_at,
    hosts_answered
FROM inspections
WHERE id = $1
