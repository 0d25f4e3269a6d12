INSERT INTO host_results (
    inspection, host, period, score, coverage, provisional, answered, danger, attention, unknown,
    excepted, pass, areas, page_key
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
