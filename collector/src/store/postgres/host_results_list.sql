SELECT
    inspection, host, period, score, coverage, provisional, answered, danger, attention, unknown,
    excepted, pass, areas, page_key
FROM host_results
WHERE inspection = $1
