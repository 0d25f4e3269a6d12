SELECT
    id, login, name, role, language, password, totp_secret, totp_step, failures, locked_until,
    created, disabled_at
FROM people
ORDER BY login
