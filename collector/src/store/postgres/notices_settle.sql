UPDATE notices
SET state = $3
WHERE id = $1 AND revision = $2 AND state <> $3
