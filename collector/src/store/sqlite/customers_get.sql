SELECT
    id, name, created
FROM customers
WHERE id = ?1
