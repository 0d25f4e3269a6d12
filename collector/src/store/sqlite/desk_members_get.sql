SELECT id, contract, name, email, language, duty, created, removed_at
FROM desk_members
WHERE id = ?1
