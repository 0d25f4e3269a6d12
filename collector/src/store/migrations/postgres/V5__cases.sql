-- Cases of the service desk. `pauses` is JSON: the times in which the clock of the first response
-- stands. `revision` rises with every change, so that two people never overwrite each other.
CREATE TABLE cases (
    id           UUID PRIMARY KEY,
    contract     UUID NOT NULL REFERENCES contracts (id),
    year         BIGINT NOT NULL,
    serial       BIGINT NOT NULL,
    channel      TEXT NOT NULL CHECK (channel IN ('phone', 'email', 'web', 'remote', 'visit')),
    severity     TEXT NOT NULL CHECK (severity IN ('critical', 'important', 'moderate', 'low')),
    emergency    BOOLEAN NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (
        state IN ('open', 'in_progress', 'waiting_customer', 'resolved', 'closed')
    ),
    opened_at    BIGINT NOT NULL,
    opened_by    TEXT NOT NULL,
    assignee     TEXT NOT NULL,
    responded_at BIGINT,
    pauses       TEXT NOT NULL,
    warned_at    BIGINT,
    breached_at  BIGINT,
    cause        TEXT NOT NULL,
    resolution   TEXT NOT NULL,
    resolved_at  BIGINT,
    closed_at    BIGINT,
    revision     BIGINT NOT NULL,
    UNIQUE (year, serial)
);
CREATE INDEX cases_by_contract ON cases (contract, opened_at);

CREATE TABLE case_events (
    id         UUID PRIMARY KEY,
    case_id    UUID NOT NULL REFERENCES cases (id),
    at         BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    internal   BOOLEAN NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    host       UUID REFERENCES hosts (id),
    body       TEXT NOT NULL
);
CREATE INDEX case_events_by_case ON case_events (case_id, at);

CREATE TABLE case_hosts (
    case_id UUID NOT NULL REFERENCES cases (id),
    host    UUID NOT NULL REFERENCES hosts (id),
    PRIMARY KEY (case_id, host)
);
