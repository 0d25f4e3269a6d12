-- Notices out, the mail queue, and what was agreed. `content` and `evidence` are JSON.
CREATE TABLE contacts (
    id         UUID PRIMARY KEY,
    customer   UUID NOT NULL REFERENCES customers (id),
    contract   UUID REFERENCES contracts (id),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    language   TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    kinds      TEXT NOT NULL,
    created    BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX contacts_of_customer ON contacts (customer, email)
WHERE contract IS NULL AND removed_at IS NULL;
CREATE UNIQUE INDEX contacts_of_contract ON contacts (contract, email)
WHERE contract IS NOT NULL AND removed_at IS NULL;

CREATE TABLE notices (
    id                 UUID PRIMARY KEY,
    contract           UUID NOT NULL REFERENCES contracts (id),
    advisory           TEXT NOT NULL,
    updated            BIGINT NOT NULL,
    kind               TEXT NOT NULL,
    severity           TEXT NOT NULL,
    exploited          BOOLEAN NOT NULL,
    content            TEXT NOT NULL,
    revision           BIGINT NOT NULL CHECK (revision >= 1),
    reason             TEXT NOT NULL CHECK (
        reason IN ('new', 'revised', 'host_added', 'acceptance_expired', 'regressed')
    ),
    state              TEXT NOT NULL CHECK (
        state IN ('drafted', 'sent', 'delivered', 'read', 'decided', 'verified')
    ),
    hold               TEXT NOT NULL CHECK (hold IN ('none', 'digest', 'engineer')),
    queued_revision    BIGINT NOT NULL,
    escalated_revision BIGINT NOT NULL,
    risk_ko            TEXT NOT NULL,
    risk_en            TEXT NOT NULL,
    how_ko             TEXT NOT NULL,
    how_en             TEXT NOT NULL,
    drafted_at         BIGINT NOT NULL,
    revised_at         BIGINT NOT NULL,
    sent_at            BIGINT,
    read_at            BIGINT,
    UNIQUE (contract, advisory)
);
CREATE INDEX notices_by_state ON notices (state, revised_at);

CREATE TABLE notice_hosts (
    notice      UUID NOT NULL REFERENCES notices (id),
    host        UUID NOT NULL REFERENCES hosts (id),
    evidence    TEXT NOT NULL,
    standing    TEXT NOT NULL CHECK (standing IN ('missing', 'not_running', 'applied', 'gone')),
    was_applied BOOLEAN NOT NULL,
    snapshot    UUID REFERENCES snapshots (id),
    observed_at BIGINT,
    PRIMARY KEY (notice, host)
);

CREATE TABLE digests (
    id       UUID PRIMARY KEY,
    contract UUID NOT NULL REFERENCES contracts (id),
    due_at   BIGINT NOT NULL,
    made_at  BIGINT NOT NULL,
    UNIQUE (contract, due_at)
);

CREATE TABLE digest_notices (
    digest   UUID NOT NULL REFERENCES digests (id),
    notice   UUID NOT NULL REFERENCES notices (id),
    revision BIGINT NOT NULL,
    PRIMARY KEY (digest, notice)
);
CREATE INDEX digest_notices_by_notice ON digest_notices (notice);

CREATE TABLE deliveries (
    id              UUID PRIMARY KEY,
    notice          UUID REFERENCES notices (id),
    digest          UUID REFERENCES digests (id),
    contact         UUID NOT NULL REFERENCES contacts (id),
    revision        BIGINT NOT NULL,
    reminder        BOOLEAN NOT NULL,
    state           TEXT NOT NULL CHECK (
        state IN (
            'queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'uncertain',
            'withdrawn'
        )
    ),
    attempts        BIGINT NOT NULL,
    queued_at       BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    claimed_at      BIGINT,
    sent_at         BIGINT,
    last_error      TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    UNIQUE (notice, contact, revision, reminder),
    UNIQUE (digest, contact),
    CHECK ((notice IS NULL) <> (digest IS NULL))
);
CREATE INDEX deliveries_by_state ON deliveries (state, next_attempt_at);

CREATE TABLE plans (
    id            UUID PRIMARY KEY,
    notice        UUID NOT NULL,
    host          UUID NOT NULL,
    decision      TEXT NOT NULL CHECK (decision IN ('apply', 'wait', 'accept_risk', 'not_ours')),
    window_from   BIGINT,
    window_until  BIGINT,
    reason        TEXT NOT NULL,
    compensation  TEXT NOT NULL,
    approver      TEXT NOT NULL,
    expires_at    BIGINT,
    state         TEXT NOT NULL CHECK (
        state IN (
            'planned', 'applied', 'applied_not_running', 'not_applied', 'regressed', 'expired'
        )
    ),
    decided_at    BIGINT NOT NULL,
    decided_by    TEXT NOT NULL,
    verified_by   UUID REFERENCES snapshots (id),
    verified_at   BIGINT,
    superseded_at BIGINT,
    FOREIGN KEY (notice, host) REFERENCES notice_hosts (notice, host)
);
CREATE UNIQUE INDEX plans_in_force ON plans (notice, host) WHERE superseded_at IS NULL;

CREATE TABLE plan_changes (
    id         UUID PRIMARY KEY,
    plan       UUID NOT NULL REFERENCES plans (id),
    at         BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    snapshot   UUID REFERENCES snapshots (id),
    note       TEXT NOT NULL
);
CREATE INDEX plan_changes_by_plan ON plan_changes (plan);
