SELECT four_eyes
FROM contracts
WHERE id = $1
