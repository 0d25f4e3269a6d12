SELECT
    inspection, revision, opinion_ko, opinion_en, author, author_at, reviewer, reviewed_at,
    approver, approved_at
FROM reviews
WHERE inspection = ?1
