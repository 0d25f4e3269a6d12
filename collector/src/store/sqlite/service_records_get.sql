SELECT id, contract, kind, held_on, engineer, results, note, entered_at, entered_by
FROM service_records
WHERE id = ?1
