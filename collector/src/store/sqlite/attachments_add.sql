-- One more than there may be is not added; nor one whose bytes are too many.
INSERT INTO attachments (id, case_id, sha256, name, kind, bytes, internal, added_at, added_by)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
WHERE
    (SELECT COUNT(*) FROM attachments WHERE case_id = ?2) < ?10
    AND (SELECT COALESCE(SUM(bytes), 0) FROM attachments WHERE case_id = ?2) + ?6 <= ?11
