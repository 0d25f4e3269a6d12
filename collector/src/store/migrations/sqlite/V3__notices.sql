-- Notices out, the mail queue, and what was agreed. `content` and `evidence` are JSON.
CREATE TABLE contacts (
    id         TEXT PRIMARY KEY,
    customer   TEXT NOT NULL REFERENCES customers (id),
    contract   TEXT REFERENCES contracts (id),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    language   TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    kinds      TEXT NOT NULL,
    created    INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX contacts_of_customer ON contacts (customer, email)
WHERE contract IS NULL AND removed_at IS NULL;
CREATE UNIQUE INDEX contacts_of_contract ON contacts (contract, email)
WHERE contract IS NOT NULL AND removed_at IS NULL;

CREATE TABLE notices (
    id                 TEXT PRIMARY KEY,
    contract           TEXT NOT NULL REFERENCES contracts (id),
    advisory           TEXT NOT NULL,
    updated            INTEGER NOT NULL,
    kind               TEXT NOT NULL,
    severity           TEXT NOT NULL,
    exploited          INTEGER NOT NULL CHECK (exploited IN (0, 1)),
    content            TEXT NOT NULL,
    revision           INTEGER NOT NULL CHECK (revision >= 1),
    reason             TEXT NOT NULL CHECK (
        reason IN ('new', 'revised', 'host_added', 'acceptance_expired', 'regressed')
    ),
    state              TEXT NOT NULL CHECK (
        state IN ('drafted', 'sent', 'delivered', 'read', 'decided', 'verified')
    ),
    hold               TEXT NOT NULL CHECK (hold IN ('none', 'digest', 'engineer')),
    queued_revision    INTEGER NOT NULL,
    escalated_revision INTEGER NOT NULL,
    risk_ko            TEXT NOT NULL,
    risk_en            TEXT NOT NULL,
    how_ko             TEXT NOT NULL,
    how_en             TEXT NOT NULL,
    drafted_at         INTEGER NOT NULL,
    revised_at         INTEGER NOT NULL,
    sent_at            INTEGER,
    read_at            INTEGER,
    UNIQUE (contract, advisory)
) STRICT;
CREATE INDEX notices_by_state ON notices (state, revised_at);

CREATE TABLE notice_hosts (
    notice      TEXT NOT NULL REFERENCES notices (id),
    host        TEXT NOT NULL REFERENCES hosts (id),
    evidence    TEXT NOT NULL,
    standing    TEXT NOT NULL CHECK (standing IN ('missing', 'not_running', 'applied', 'gone')),
    was_applied INTEGER NOT NULL CHECK (was_applied IN (0, 1)),
    snapshot    TEXT REFERENCES snapshots (id),
    observed_at INTEGER,
    PRIMARY KEY (notice, host)
) STRICT;

CREATE TABLE digests (
    id       TEXT PRIMARY KEY,
    contract TEXT NOT NULL REFERENCES contracts (id),
    due_at   INTEGER NOT NULL,
    made_at  INTEGER NOT NULL,
    UNIQUE (contract, due_at)
) STRICT;

CREATE TABLE digest_notices (
    digest   TEXT NOT NULL REFERENCES digests (id),
    notice   TEXT NOT NULL REFERENCES notices (id),
    revision INTEGER NOT NULL,
    PRIMARY KEY (digest, notice)
) STRICT;
CREATE INDEX digest_notices_by_notice ON digest_notices (notice);

CREATE TABLE deliveries (
    id              TEXT PRIMARY KEY,
    notice          TEXT REFERENCES notices (id),
    digest          TEXT REFERENCES digests (id),
    contact         TEXT NOT NULL REFERENCES contacts (id),
    revision        INTEGER NOT NULL,
    reminder        INTEGER NOT NULL CHECK (reminder IN (0, 1)),
    state           TEXT NOT NULL CHECK (
        state IN (
            'queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'uncertain',
            'withdrawn'
        )
    ),
    attempts        INTEGER NOT NULL,
    queued_at       INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    claimed_at      INTEGER,
    sent_at         INTEGER,
    last_error      TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    UNIQUE (notice, contact, revision, reminder),
    UNIQUE (digest, contact),
    CHECK ((notice IS NULL) <> (digest IS NULL))
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, next_attempt_at);

CREATE TABLE plans (
    id            TEXT PRIMARY KEY,
    notice        TEXT NOT NULL,
    host          TEXT NOT NULL,
    decision      TEXT NOT NULL CHECK (decision IN ('apply', 'wait', 'accept_risk', 'not_ours')),
    window_from   INTEGER,
    window_until  INTEGER,
    reason        TEXT NOT NULL,
    compensation  TEXT NOT NULL,
    approver      TEXT NOT NULL,
    expires_at    INTEGER,
    state         TEXT NOT NULL CHECK (
        state IN (
            'planned', 'applied', 'applied_not_running', 'not_applied', 'regressed', 'expired'
        )
    ),
    decided_at    INTEGER NOT NULL,
    decided_by    TEXT NOT NULL,
    verified_by   TEXT REFERENCES snapshots (id),
    verified_at   INTEGER,
    superseded_at INTEGER,
    FOREIGN KEY (notice, host) REFERENCES notice_hosts (notice, host)
) STRICT;
CREATE UNIQUE INDEX plans_in_force ON plans (notice, host) WHERE superseded_at IS NULL;

CREATE TABLE plan_changes (
    id         TEXT PRIMARY KEY,
    plan       TEXT NOT NULL REFERENCES plans (id),
    at         INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    snapshot   TEXT REFERENCES snapshots (id),
    note       TEXT NOT NULL
) STRICT;
CREATE INDEX plan_changes_by_plan ON plan_changes (plan);
