UPDATE notice_hosts
SET evidence = $3, standing = $4, was_applied = $5, snapshot = $6, observed_at = $7
WHERE notice = $1 AND host = $2
