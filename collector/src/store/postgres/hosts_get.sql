SELECT
    id, contract, hostname, machine_sha256, role, importance, enrolled_at, last_seen,
    agent_version, clock_skew_seconds, refuses_on_demand, retired_at, collect_request,
    collect_requested_at
FROM hosts
WHERE id = $1
