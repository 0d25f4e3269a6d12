SELECT
    id, contract, period, state, assessed_at, pack_version, assessment_key, missed_at,
    hosts_answered
FROM inspections
WHERE contract = $1 AND period < $2 AND assessment_key IS NOT NULL
ORDER BY period DESC
LIMIT 1
