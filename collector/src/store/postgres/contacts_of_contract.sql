-- Those of the contract, and those who hear of all contracts of its customer.
SELECT
    contacts.id, contacts.customer, contacts.contract, contacts.name, contacts.email,
    contacts.language, contacts.kinds, contacts.created, contacts.removed_at
FROM contacts
INNER JOIN contracts ON contracts.customer = contacts.customer
WHERE
    contracts.id = $1
    AND contacts.removed_at IS NULL
    AND (contacts.contract IS NULL OR contacts.contract = contracts.id)
ORDER BY contacts.created, contacts.id
