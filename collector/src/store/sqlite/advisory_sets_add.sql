INSERT INTO advisory_sets (
    version, sha256, made_at, valid_until, imported_at, advisories, vulnerabilities, object_key
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
