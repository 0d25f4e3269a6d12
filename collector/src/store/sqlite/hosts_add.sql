INSERT INTO hosts (
    id, contract, hostname, machine_sha256, role, importance, enrolled_at, last_seen,
    agent_version, clock_skew_seconds, refuses_on_demand, retired_at, collect_request,
    collect_requested_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
