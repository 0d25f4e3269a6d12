INSERT INTO digest_notices (
    digest, notice, revision
)
VALUES ($1, $2, $3)
