SELECT id, customer, contract, name, email, language, kinds, created, removed_at
FROM contacts
WHERE removed_at IS NULL AND ($1::uuid IS NULL OR customer = $1)
ORDER BY customer, name, id
