SELECT
    results.inspection,
    results.host,
    results.period,
    results.score,
    results.coverage,
    results.provisional,
    results.answered,
    results.danger,
    results.attention,
    results.unknown,
    results.excepted,
    results.pass,
    results.areas,
    results.page_key
FROM hosts
INNER JOIN host_results AS results
    ON
        results.host = hosts.id
        AND results.period = (
            SELECT max(newest.period)
            FROM host_results AS newest
            WHERE newest.host = hosts.id
        )
