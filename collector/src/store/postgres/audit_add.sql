INSERT INTO audit (seq, at, actor, customer, address, action, object, detail, previous, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
