UPDATE notices
SET queued_revision = ?2
WHERE id = ?1 AND revision = ?2 AND queued_revision < ?2 AND hold = ?3
