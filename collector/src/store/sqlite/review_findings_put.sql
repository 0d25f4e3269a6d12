INSERT INTO review_findings (
    inspection, subject, rule, verdict, decision, corrected, exception, reason, comment_ko,
    comment_en, case_id, decided_by, decided_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (inspection, subject, rule) DO UPDATE SET
    verdict = excluded.verdict,
    decision = excluded.decision,
    corrected = excluded.corrected,
    exception = excluded.exception,
    reason = excluded.reason,
    comment_ko = excluded.comment_ko,
    comment_en = excluded.comment_en,
    case_id = excluded.case_id,
    decided_by = excluded.decided_by,
    decided_at = excluded.decided_at
