UPDATE notices
SET escalated_revision = $2
WHERE id = $1 AND revision = $2 AND escalated_revision < $2
