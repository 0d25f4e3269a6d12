SELECT
    id, contract, period, state, assessed_at, pack_version, assessment_key
FROM inspections
WHERE contract = $1 AND period = $2
