-- Other machines that were seen under a host's certificate, until a person says what they are.
CREATE TABLE machines (
    host           UUID NOT NULL REFERENCES hosts (id),
    machine_sha256 TEXT NOT NULL,
    first_seen     BIGINT NOT NULL,
    last_seen      BIGINT NOT NULL,
    snapshot       UUID NOT NULL,
    settled        TEXT CHECK (settled IN ('rebuilt', 'clone', 'retired')),
    settled_at     BIGINT,
    settled_by     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (host, machine_sha256)
);

-- Which contracts a host was under before.
CREATE TABLE host_moves (
    id            UUID PRIMARY KEY,
    host          UUID NOT NULL REFERENCES hosts (id),
    from_contract UUID NOT NULL REFERENCES contracts (id),
    to_contract   UUID NOT NULL REFERENCES contracts (id),
    moved_at      BIGINT NOT NULL,
    moved_by      TEXT NOT NULL
);
CREATE INDEX host_moves_by_host ON host_moves (host, moved_at);
