SELECT host
FROM case_hosts
WHERE case_id = $1
ORDER BY host
