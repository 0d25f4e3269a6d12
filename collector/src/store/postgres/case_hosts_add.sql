INSERT INTO case_hosts (case_id, host)
VALUES ($1, $2)
