INSERT INTO invitations (secret_sha256, person, created, expires_at, used_at)
VALUES ($1, $2, $3, $4, $5)
