SELECT id, contract, name, email, language, duty, created, removed_at
FROM desk_members
WHERE contract = $1 AND removed_at IS NULL
ORDER BY duty, name, id
