INSERT INTO customers (
    id, name, created
)
VALUES ($1, $2, $3)
