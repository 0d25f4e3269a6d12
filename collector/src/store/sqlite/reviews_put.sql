UPDATE reviews
SET
    revision = revision + 1, opinion_ko = ?3, opinion_en = ?4, author = ?5, author_at = ?6,
    reviewer = ?7, reviewed_at = ?8, approver = ?9, approved_at = ?10
WHERE inspection = ?1 AND revision = ?2
