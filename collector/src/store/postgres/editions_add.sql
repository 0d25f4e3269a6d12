INSERT INTO editions (
    id, inspection, number, document, reason, published_at, published_by, manifest_key,
    signature_key, assessment_key, review_key
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
