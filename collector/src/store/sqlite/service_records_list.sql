SELECT id, contract, kind, held_on, engineer, results, note, entered_at, entered_by
FROM service_records
WHERE ?1 IS NULL OR contract = ?1
ORDER BY held_on DESC, id DESC
LIMIT ?2
