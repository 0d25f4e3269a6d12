DELETE FROM host_dates
WHERE inspection IN (
    SELECT inspections.id
    FROM inspections
    WHERE inspections.contract = ?1
)
