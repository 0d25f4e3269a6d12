SELECT version, sha256, made_at, valid_until, imported_at, advisories, vulnerabilities, object_key
FROM advisory_sets
ORDER BY version DESC
LIMIT ?1
