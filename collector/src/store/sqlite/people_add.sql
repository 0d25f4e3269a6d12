INSERT INTO people (
    id, login, name, role, language, password, totp_secret, totp_step, failures, locked_until,
    created, disabled_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
