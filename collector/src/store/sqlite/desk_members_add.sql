INSERT INTO desk_members (id, contract, name, email, language, duty, created, removed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)
