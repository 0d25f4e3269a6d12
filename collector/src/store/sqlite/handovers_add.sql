INSERT INTO handovers (
    host, number, sha256, before_sha256, before_period, period, snapshot, certificate_pem,
    imported_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
