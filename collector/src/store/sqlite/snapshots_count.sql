SELECT host, COUNT(*) AS count
FROM snapshots
GROUP BY host
