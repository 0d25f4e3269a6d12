SELECT id, customer, contract, name, email, language, kinds, created, removed_at
FROM contacts
WHERE id = $1
