SELECT COUNT(DISTINCT snapshots.host) AS count
FROM snapshots
INNER JOIN hosts ON snapshots.host = hosts.id
WHERE
    hosts.contract = ?1
    AND snapshots.period = ?2
    AND (hosts.retired_at IS NULL OR hosts.retired_at > ?3)
