SELECT
    id, notice, host, decision, window_from, window_until, reason, compensation, approver,
    expires_at, state, decided_at, decided_by, verified_by, verified_at, superseded_at
FROM plans
WHERE id = ?1
