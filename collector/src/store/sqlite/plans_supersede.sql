UPDATE plans
SET superseded_at = ?3
WHERE notice = ?1 AND host = ?2 AND superseded_at IS NULL
