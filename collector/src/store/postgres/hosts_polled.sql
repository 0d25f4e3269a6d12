UPDATE hosts
SET last_seen = $2, agent_version = $3, clock_skew_seconds = $4, refuses_on_demand = $5
WHERE id = $1
