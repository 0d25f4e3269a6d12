-- Other machines that were seen under a host's certificate, until a person says what they are.
CREATE TABLE machines (
    host           TEXT NOT NULL REFERENCES hosts (id),
    machine_sha256 TEXT NOT NULL,
    first_seen     INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL,
    snapshot       TEXT NOT NULL,
    settled        TEXT CHECK (settled IN ('rebuilt', 'clone', 'retired')),
    settled_at     INTEGER,
    settled_by     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (host, machine_sha256)
) STRICT;

-- Which contracts a host was under before.
CREATE TABLE host_moves (
    id            TEXT PRIMARY KEY,
    host          TEXT NOT NULL REFERENCES hosts (id),
    from_contract TEXT NOT NULL REFERENCES contracts (id),
    to_contract   TEXT NOT NULL REFERENCES contracts (id),
    moved_at      INTEGER NOT NULL,
    moved_by      TEXT NOT NULL
) STRICT;
CREATE INDEX host_moves_by_host ON host_moves (host, moved_at);
