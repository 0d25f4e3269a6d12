INSERT INTO service_records (id, contract, kind, held_on, engineer, results, note, entered_at, entered_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
