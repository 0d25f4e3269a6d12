-- A later date, or words that were mended, are no new revision.
UPDATE notices
SET updated = ?3, content = ?4
WHERE id = ?1 AND revision = ?2
