UPDATE deliveries
SET state = 'delivered'
WHERE
    contact = ?2 AND state IN ('sent', 'uncertain')
    AND (
        notice = ?1
        OR digest IN (SELECT digest FROM digest_notices WHERE digest_notices.notice = ?1)
    )
