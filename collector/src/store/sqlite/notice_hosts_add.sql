-- Again: other packages are asked for, so what was seen before says nothing.
INSERT INTO notice_hosts (
    notice, host, evidence, standing, was_applied, snapshot, observed_at
)
VALUES (?1, ?2, ?3, 'missing', 0, NULL, NULL)
ON CONFLICT (notice, host) DO UPDATE SET
    evidence = excluded.evidence,
    standing = 'missing',
    was_applied = 0,
    snapshot = NULL
