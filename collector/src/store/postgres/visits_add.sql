INSERT INTO visits (
    id, contract, period, held_on, who, hosts, checklist, words_ko, words_en, entered_at,
    entered_by
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
