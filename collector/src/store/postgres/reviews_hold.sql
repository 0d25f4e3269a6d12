-- Whether it is still the revision that was read; the row stays locked for the batch.
UPDATE reviews
SET revision = revision
WHERE inspection = $1 AND revision = $2
