SELECT id, case_id, sha256, name, kind, bytes, internal, added_at, added_by
FROM attachments
WHERE id = ?1
