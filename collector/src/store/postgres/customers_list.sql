SELECT
    id, name, created
FROM customers
ORDER BY name
