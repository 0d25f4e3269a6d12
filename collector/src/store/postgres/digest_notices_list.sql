SELECT
    digest, notice, revision
FROM digest_notices
WHERE digest = $1
ORDER BY notice
