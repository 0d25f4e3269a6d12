-- Sets of advisories lie in the object store; the one with the highest version is in force.
CREATE TABLE advisory_sets (
    version         BIGINT PRIMARY KEY,
    sha256          TEXT NOT NULL,
    made_at         BIGINT NOT NULL,
    valid_until     BIGINT,
    imported_at     BIGINT NOT NULL,
    advisories      BIGINT NOT NULL,
    vulnerabilities BIGINT NOT NULL,
    object_key      TEXT NOT NULL
);

-- How far each feed was read, and how the last look went.
CREATE TABLE feeds (
    name       TEXT PRIMARY KEY,
    mark       TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    ok_at      BIGINT,
    error      TEXT
);

-- What is installed on each host, by its newest snapshot; no key where that does not tell.
CREATE TABLE inventories (
    host       UUID PRIMARY KEY REFERENCES hosts (id),
    snapshot   UUID NOT NULL REFERENCES snapshots (id),
    taken_at   BIGINT NOT NULL,
    object_key TEXT
);
