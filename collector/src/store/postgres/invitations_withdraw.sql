UPDATE invitations
SET used_at = $2
WHERE person = $1 AND used_at IS NULL
