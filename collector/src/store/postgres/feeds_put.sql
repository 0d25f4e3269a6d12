INSERT INTO feeds (name, mark, checked_at, ok_at, error)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET
    mark = excluded.mark,
    checked_at = excluded.checked_at,
    ok_at = excluded.ok_at,
    error = excluded.error
