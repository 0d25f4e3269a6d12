SELECT
    inspection, subject, rule, verdict, decision, corrected, exception, reason, comment_ko,
    comment_en, case_id, decided_by, decided_at
FROM review_findings
WHERE inspection = ?1
ORDER BY subject, rule
LIMIT ?2
