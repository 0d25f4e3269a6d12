-- Times are milliseconds since 1970 UTC, dates are ISO text, identifiers are lower-case UUID text.
CREATE TABLE customers (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE contracts (
    id               TEXT PRIMARY KEY,
    customer         TEXT NOT NULL REFERENCES customers (id),
    name             TEXT NOT NULL,
    level            TEXT NOT NULL,
    cadence          TEXT NOT NULL CHECK (cadence IN ('monthly', 'quarterly')),
    window_day       INTEGER NOT NULL CHECK (window_day BETWEEN 1 AND 28),
    window_hour      INTEGER NOT NULL CHECK (window_hour BETWEEN 0 AND 23),
    window_hours     INTEGER NOT NULL CHECK (window_hours BETWEEN 1 AND 240),
    time_zone        TEXT NOT NULL,
    engineer         TEXT NOT NULL,
    customer_contact TEXT NOT NULL,
    starts           TEXT NOT NULL,
    ends             TEXT NOT NULL,
    policy_version   INTEGER NOT NULL CHECK (policy_version >= 1),
    UNIQUE (customer, name)
) STRICT;

CREATE TABLE hosts (
    id                   TEXT PRIMARY KEY,
    contract             TEXT NOT NULL REFERENCES contracts (id),
    hostname             TEXT NOT NULL,
    machine_sha256       TEXT,
    role                 TEXT NOT NULL,
    importance           INTEGER NOT NULL CHECK (importance IN (1, 2, 4)),
    enrolled_at          INTEGER NOT NULL,
    last_seen            INTEGER,
    agent_version        TEXT NOT NULL,
    clock_skew_seconds   INTEGER,
    refuses_on_demand    INTEGER NOT NULL DEFAULT 0 CHECK (refuses_on_demand IN (0, 1)),
    retired_at           INTEGER,
    collect_request      TEXT,
    collect_requested_at INTEGER
) STRICT;
CREATE INDEX hosts_by_contract ON hosts (contract);
CREATE INDEX hosts_by_hostname ON hosts (hostname);

CREATE TABLE tokens (
    secret_sha256 TEXT PRIMARY KEY,
    contract      TEXT NOT NULL REFERENCES contracts (id),
    created       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    used_by_host  TEXT REFERENCES hosts (id),
    note          TEXT NOT NULL,
    hostname      TEXT,
    role          TEXT,
    importance    INTEGER CHECK (importance IN (1, 2, 4)),
    reenrols      TEXT REFERENCES hosts (id)
) STRICT;

CREATE TABLE certificates (
    serial     TEXT PRIMARY KEY,
    host       TEXT NOT NULL REFERENCES hosts (id),
    not_before INTEGER NOT NULL,
    not_after  INTEGER NOT NULL,
    revoked_at INTEGER,
    reason     TEXT
) STRICT;
CREATE INDEX certificates_by_host ON certificates (host);

CREATE TABLE snapshots (
    id           TEXT PRIMARY KEY,
    host         TEXT NOT NULL REFERENCES hosts (id),
    sha256       TEXT NOT NULL,
    bytes        INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    period       TEXT,
    taken_at     INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    object_key   TEXT NOT NULL,
    recorded     INTEGER NOT NULL CHECK (recorded IN (0, 1))
) STRICT;
CREATE INDEX snapshots_by_host ON snapshots (host, taken_at);

CREATE TABLE inspections (
    id             TEXT PRIMARY KEY,
    contract       TEXT NOT NULL REFERENCES contracts (id),
    period         TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (
        state IN ('due', 'collecting', 'assessed', 'in_review', 'published', 'acknowledged')
    ),
    assessed_at    INTEGER,
    pack_version   TEXT,
    assessment_key TEXT,
    UNIQUE (contract, period)
) STRICT;

CREATE TABLE exceptions (
    id           TEXT PRIMARY KEY,
    contract     TEXT NOT NULL REFERENCES contracts (id),
    host         TEXT REFERENCES hosts (id),
    rule         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    risk         TEXT NOT NULL,
    compensation TEXT NOT NULL,
    approver     TEXT NOT NULL,
    approved_at  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX exceptions_by_contract ON exceptions (contract);

CREATE TABLE alarms (
    id     TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    host   TEXT REFERENCES hosts (id),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX alarms_by_time ON alarms (at);
