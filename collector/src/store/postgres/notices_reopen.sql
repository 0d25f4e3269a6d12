UPDATE notices
SET
    revision = revision + 1, reason = $3, hold = $4, revised_at = $5, state = 'drafted',
    sent_at = NULL, read_at = NULL
WHERE id = $1 AND revision = $2
