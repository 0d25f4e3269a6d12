-- Only from the revision that the caller read, so that of two jobs one wins.
UPDATE notices
SET
    updated = $4, kind = $5, severity = $6, exploited = $7, content = $8, revision = $3,
    reason = $9, hold = $10, revised_at = $11, state = 'drafted', sent_at = NULL, read_at = NULL
WHERE id = $1 AND revision = $2
