-- Times are milliseconds since 1970 UTC, dates are ISO text, identifiers are uuid.
CREATE TABLE customers (
    id      UUID PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created BIGINT NOT NULL
);

CREATE TABLE contracts (
    id               UUID PRIMARY KEY,
    customer         UUID NOT NULL REFERENCES customers (id),
    name             TEXT NOT NULL,
    level            TEXT NOT NULL,
    cadence          TEXT NOT NULL CHECK (cadence IN ('monthly', 'quarterly')),
    window_day       BIGINT NOT NULL CHECK (window_day BETWEEN 1 AND 28),
    window_hour      BIGINT NOT NULL CHECK (window_hour BETWEEN 0 AND 23),
    window_hours     BIGINT NOT NULL CHECK (window_hours BETWEEN 1 AND 240),
    time_zone        TEXT NOT NULL,
    engineer         TEXT NOT NULL,
    customer_contact TEXT NOT NULL,
    starts           TEXT NOT NULL,
    ends             TEXT NOT NULL,
    policy_version   BIGINT NOT NULL CHECK (policy_version >= 1),
    UNIQUE (customer, name)
);

CREATE TABLE hosts (
    id                   UUID PRIMARY KEY,
    contract             UUID NOT NULL REFERENCES contracts (id),
    hostname             TEXT NOT NULL,
    machine_sha256       TEXT,
    role                 TEXT NOT NULL,
    importance           BIGINT NOT NULL CHECK (importance IN (1, 2, 4)),
    enrolled_at          BIGINT NOT NULL,
    last_seen            BIGINT,
    agent_version        TEXT NOT NULL,
    clock_skew_seconds   BIGINT,
    refuses_on_demand    BOOLEAN NOT NULL DEFAULT FALSE,
    retired_at           BIGINT,
    collect_request      UUID,
    collect_requested_at BIGINT
);
CREATE INDEX hosts_by_contract ON hosts (contract);
CREATE INDEX hosts_by_hostname ON hosts (hostname);

CREATE TABLE tokens (
    secret_sha256 TEXT PRIMARY KEY,
    contract      UUID NOT NULL REFERENCES contracts (id),
    created       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    used_by_host  UUID REFERENCES hosts (id),
    note          TEXT NOT NULL,
    hostname      TEXT,
    role          TEXT,
    importance    BIGINT CHECK (importance IN (1, 2, 4)),
    reenrols      UUID REFERENCES hosts (id)
);

CREATE TABLE certificates (
    serial     TEXT PRIMARY KEY,
    host       UUID NOT NULL REFERENCES hosts (id),
    not_before BIGINT NOT NULL,
    not_after  BIGINT NOT NULL,
    revoked_at BIGINT,
    reason     TEXT
);
CREATE INDEX certificates_by_host ON certificates (host);

CREATE TABLE snapshots (
    id           UUID PRIMARY KEY,
    host         UUID NOT NULL REFERENCES hosts (id),
    sha256       TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    period       TEXT,
    taken_at     BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    object_key   TEXT NOT NULL,
    recorded     BOOLEAN NOT NULL
);
CREATE INDEX snapshots_by_host ON snapshots (host, taken_at);

CREATE TABLE inspections (
    id             UUID PRIMARY KEY,
    contract       UUID NOT NULL REFERENCES contracts (id),
    period         TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (
        state IN ('due', 'collecting', 'assessed', 'in_review', 'published', 'acknowledged')
    ),
    assessed_at    BIGINT,
    pack_version   TEXT,
    assessment_key TEXT,
    UNIQUE (contract, period)
);

CREATE TABLE exceptions (
    id           UUID PRIMARY KEY,
    contract     UUID NOT NULL REFERENCES contracts (id),
    host         UUID REFERENCES hosts (id),
    rule         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    risk         TEXT NOT NULL,
    compensation TEXT NOT NULL,
    approver     TEXT NOT NULL,
    approved_at  BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX exceptions_by_contract ON exceptions (contract);

CREATE TABLE alarms (
    id     UUID PRIMARY KEY,
    at     BIGINT NOT NULL,
    kind   TEXT NOT NULL,
    host   UUID REFERENCES hosts (id),
    detail TEXT NOT NULL
);
CREATE INDEX alarms_by_time ON alarms (at);
