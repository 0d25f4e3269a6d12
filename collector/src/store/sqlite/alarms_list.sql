SELECT
    id, at, kind, host, detail
FROM alarms
ORDER BY at DESC, id DESC
LIMIT ?1
