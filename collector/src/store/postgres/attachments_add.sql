-- One more than there may be is not added; nor one whose bytes are too many.
INSERT INTO attachments (id, case_id, sha256, name, kind, bytes, internal, added_at, added_by)
SELECT
    $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::bigint, $7::boolean, $8::bigint, $9::text
WHERE
    (SELECT COUNT(*) FROM attachments WHERE case_id = $2::uuid) < $10::bigint
    AND (SELECT COALESCE(SUM(bytes), 0) FROM attachments WHERE case_id = $2::uuid) + $6::bigint
    <= $11::bigint
