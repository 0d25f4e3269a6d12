SELECT id, case_id, sha256, name, kind, bytes, internal, added_at, added_by
FROM attachments
WHERE case_id = $1
ORDER BY added_at, id
