INSERT INTO alarms (
    id, at, kind, host, detail
)
VALUES ($1, $2, $3, $4, $5)
