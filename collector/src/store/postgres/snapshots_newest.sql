SELECT
    snapshots.id, snapshots.host, snapshots.taken_at
FROM snapshots
INNER JOIN (
    SELECT host, MAX(taken_at) AS taken_at
    FROM snapshots
    GROUP BY host
) AS newest
    ON newest.host = snapshots.host AND newest.taken_at = snapshots.taken_at
ORDER BY snapshots.host, snapshots.id
