INSERT INTO exceptions (
    id, contract, host, rule, reason, risk, compensation, approver, approved_at, expires_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
