INSERT INTO host_dates (inspection, host, rule, kind, at, what, title_ko, title_en)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
