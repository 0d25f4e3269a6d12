SELECT case_id, host, rule, verdict, linked_at
FROM case_findings
WHERE case_id = $1
ORDER BY linked_at, host, rule
LIMIT $2
