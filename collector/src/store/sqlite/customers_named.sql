SELECT
    id, name, created
FROM customers
WHERE name = ?1
