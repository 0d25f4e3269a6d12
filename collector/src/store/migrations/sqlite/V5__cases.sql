-- Cases of the service desk. `pauses` is JSON: the times in which the clock of the first response
-- stands. `revision` rises with every change, so that two people never overwrite each other.
CREATE TABLE cases (
    id           TEXT PRIMARY KEY,
    contract     TEXT NOT NULL REFERENCES contracts (id),
    year         INTEGER NOT NULL,
    serial       INTEGER NOT NULL,
    channel      TEXT NOT NULL CHECK (channel IN ('phone', 'email', 'web', 'remote', 'visit')),
    severity     TEXT NOT NULL CHECK (severity IN ('critical', 'important', 'moderate', 'low')),
    emergency    INTEGER NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (
        state IN ('open', 'in_progress', 'waiting_customer', 'resolved', 'closed')
    ),
    opened_at    INTEGER NOT NULL,
    opened_by    TEXT NOT NULL,
    assignee     TEXT NOT NULL,
    responded_at INTEGER,
    pauses       TEXT NOT NULL,
    warned_at    INTEGER,
    breached_at  INTEGER,
    cause        TEXT NOT NULL,
    resolution   TEXT NOT NULL,
    resolved_at  INTEGER,
    closed_at    INTEGER,
    revision     INTEGER NOT NULL,
    UNIQUE (year, serial)
) STRICT;
CREATE INDEX cases_by_contract ON cases (contract, opened_at);

CREATE TABLE case_events (
    id         TEXT PRIMARY KEY,
    case_id    TEXT NOT NULL REFERENCES cases (id),
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    internal   INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    host       TEXT REFERENCES hosts (id),
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX case_events_by_case ON case_events (case_id, at);

CREATE TABLE case_hosts (
    case_id TEXT NOT NULL REFERENCES cases (id),
    host    TEXT NOT NULL REFERENCES hosts (id),
    PRIMARY KEY (case_id, host)
) STRICT;
