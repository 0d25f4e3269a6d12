INSERT INTO person_customers (person, customer)
VALUES (?1, ?2)
