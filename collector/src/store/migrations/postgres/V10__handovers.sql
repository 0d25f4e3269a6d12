-- Files that hosts without a network handed over: a chain by number and by the digest of the one before.
CREATE TABLE handovers (
    host            UUID NOT NULL REFERENCES hosts (id),
    number          BIGINT NOT NULL CHECK (number >= 1),
    sha256          TEXT NOT NULL,
    before_sha256   TEXT,
    before_period   TEXT,
    period          TEXT,
    snapshot        UUID NOT NULL REFERENCES snapshots (id),
    certificate_pem TEXT NOT NULL,
    imported_at     BIGINT NOT NULL,
    PRIMARY KEY (host, number)
);
