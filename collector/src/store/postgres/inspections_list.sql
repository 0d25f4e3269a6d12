SELECT
    id, contract, period, state, assessed_at, pack_version, assessment_key
FROM inspections
WHERE ($1::uuid IS NULL OR contract = $1)
ORDER BY contract, period
