SELECT seq, at, actor, customer, address, action, object, detail, previous, digest
FROM audit
WHERE seq < ?1 AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR customer = ?3)
ORDER BY seq DESC
LIMIT ?4
