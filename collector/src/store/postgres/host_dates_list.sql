SELECT
    host_dates.host,
    hosts.hostname,
    hosts.contract,
    host_dates.rule,
    host_dates.kind,
    host_dates.at,
    host_dates.what,
    host_dates.title_ko,
    host_dates.title_en
FROM host_dates
INNER JOIN hosts ON hosts.id = host_dates.host
WHERE host_dates.at >= $1 AND host_dates.at < $2 AND hosts.retired_at IS NULL
ORDER BY host_dates.at, hosts.hostname, host_dates.rule, host_dates.what
LIMIT $3
