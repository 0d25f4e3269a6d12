DELETE FROM failing
WHERE inspection IN (
    SELECT inspections.id
    FROM inspections
    WHERE inspections.contract = ?1
)
