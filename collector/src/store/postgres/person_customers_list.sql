SELECT person, customer
FROM person_customers
WHERE $1::uuid IS NULL OR person = $1
ORDER BY person, customer
