SELECT
    inspection, host, period, score, coverage, provisional, answered, danger, attention, unknown,
    excepted, pass, areas, page_key
FROM host_results
WHERE host = ?1
ORDER BY period DESC
LIMIT ?2
