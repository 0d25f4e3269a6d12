INSERT INTO failing_rules (
    contract, rule, area, severity, title_ko, title_en, danger, attention, unknown, excepted
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
