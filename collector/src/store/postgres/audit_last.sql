SELECT seq, at, actor, customer, address, action, object, detail, previous, digest
FROM audit
ORDER BY seq DESC
LIMIT 1
