SELECT
    results.inspection, host, period, score, coverage, provisional, answered, danger, attention, unknown,
    excepted, pass, areas, page_key
FROM host_results AS results
WHERE results.period = (
    SELECT max(newer.period)
    FROM host_results AS newer
    WHERE newer.host = results.host
)
