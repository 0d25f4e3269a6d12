-- Sets of advisories lie in the object store; the one with the highest version is in force.
CREATE TABLE advisory_sets (
    version         INTEGER PRIMARY KEY,
    sha256          TEXT NOT NULL,
    made_at         INTEGER NOT NULL,
    valid_until     INTEGER,
    imported_at     INTEGER NOT NULL,
    advisories      INTEGER NOT NULL,
    vulnerabilities INTEGER NOT NULL,
    object_key      TEXT NOT NULL
) STRICT;

-- How far each feed was read, and how the last look went.
CREATE TABLE feeds (
    name       TEXT PRIMARY KEY,
    mark       TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    ok_at      INTEGER,
    error      TEXT
) STRICT;

-- What is installed on each host, by its newest snapshot; no key where that does not tell.
CREATE TABLE inventories (
    host       TEXT PRIMARY KEY REFERENCES hosts (id),
    snapshot   TEXT NOT NULL REFERENCES snapshots (id),
    taken_at   INTEGER NOT NULL,
    object_key TEXT
) STRICT;
