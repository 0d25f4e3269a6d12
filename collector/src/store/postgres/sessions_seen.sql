UPDATE sessions
SET seen_at = $2
WHERE secret_sha256 = $1
