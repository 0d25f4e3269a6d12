INSERT INTO reviews (inspection, revision, opinion_ko, opinion_en)
VALUES (?1, 1, '', '')
ON CONFLICT (inspection) DO UPDATE SET
    revision = reviews.revision + 1,
    author = NULL, author_at = NULL,
    reviewer = NULL, reviewed_at = NULL,
    approver = NULL, approved_at = NULL
