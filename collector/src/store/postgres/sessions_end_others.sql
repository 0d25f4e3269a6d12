DELETE FROM sessions
WHERE person = $1 AND secret_sha256 <> $2
