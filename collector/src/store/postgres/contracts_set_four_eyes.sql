UPDATE contracts
SET four_eyes = $2
WHERE id = $1
