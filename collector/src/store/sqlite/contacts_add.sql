INSERT INTO contacts (
    id, customer, contract, name, email, language, kinds, created, removed_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)
