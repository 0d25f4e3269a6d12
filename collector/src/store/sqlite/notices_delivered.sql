UPDATE notices
SET state = 'delivered'
WHERE id = ?1 AND revision = ?2 AND state = 'sent'
