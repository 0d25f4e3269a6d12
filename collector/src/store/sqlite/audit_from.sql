SELECT seq, at, actor, customer, address, action, object, detail, previous, digest
FROM audit
WHERE seq >= ?1
ORDER BY seq
LIMIT ?2
