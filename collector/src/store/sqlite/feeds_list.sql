SELECT name, mark, checked_at, ok_at, error
FROM feeds
ORDER BY name
