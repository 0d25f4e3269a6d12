UPDATE notices
SET state = 'delivered'
WHERE
    state = 'sent'
    AND EXISTS (
        SELECT 1
        FROM digest_notices
        WHERE
            digest_notices.digest = $1
            AND digest_notices.notice = notices.id
            AND digest_notices.revision = notices.revision
    )
