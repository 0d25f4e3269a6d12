UPDATE notices
SET state = 'sent', sent_at = ?3
WHERE id = ?1 AND revision = ?2 AND state = 'drafted'
