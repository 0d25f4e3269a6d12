SELECT
    id, contract, period, state, assessed_at, pack_version, assessment_key, missed_at,
    hosts_answered
FROM inspections
WHERE ($1::uuid IS NULL OR contract = $1)
ORDER BY contract, period
