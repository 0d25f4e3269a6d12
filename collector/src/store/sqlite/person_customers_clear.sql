DELETE FROM person_customers
WHERE person = ?1
