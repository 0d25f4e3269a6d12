DELETE FROM sessions
WHERE secret_sha256 = $1
