SELECT
    id, inspection, number, document, reason, published_at, published_by, manifest_key,
    signature_key, assessment_key, review_key, acknowledged_at, acknowledged_by,
    acknowledged_as
FROM editions
WHERE inspection = $1
ORDER BY number
