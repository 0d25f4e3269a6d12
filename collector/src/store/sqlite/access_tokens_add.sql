INSERT INTO access_tokens (
    id, secret_sha256, person, name, writes, created, expires_at, used_at, revoked_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
