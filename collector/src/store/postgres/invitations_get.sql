SELECT secret_sha256, person, created, expires_at, used_at
FROM invitations
WHERE secret_sha256 = $1
