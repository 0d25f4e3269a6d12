INSERT INTO plans (
    id, notice, host, decision, window_from, window_until, reason, compensation, approver,
    expires_at, state, decided_at, decided_by, verified_by, verified_at, superseded_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'planned', ?11, ?12, NULL, NULL, NULL)
