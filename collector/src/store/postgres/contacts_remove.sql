-- The row stays: what was sent names it.
UPDATE contacts
SET removed_at = $2
WHERE id = $1 AND removed_at IS NULL
