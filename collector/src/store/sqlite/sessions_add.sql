INSERT INTO sessions (
    secret_sha256, person, stage, created, seen_at, expires_at, address, browser
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
