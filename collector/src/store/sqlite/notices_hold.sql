UPDATE notices
SET
    hold = ?2,
    queued_revision = CASE
        WHEN state = 'drafted' AND queued_revision = revision THEN revision - 1
        ELSE queued_revision
    END
WHERE id = ?1
