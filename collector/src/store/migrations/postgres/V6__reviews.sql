-- What becomes of an assessed inspection, and Support Patterns. `hosts`, `checklist` and `result` are
-- JSON, `yaml` is a rule.
ALTER TABLE contracts ADD COLUMN four_eyes BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE inspections ADD COLUMN missed_at BIGINT;
ALTER TABLE inspections ADD COLUMN hosts_answered BIGINT;

CREATE TABLE reviews (
    inspection  UUID PRIMARY KEY REFERENCES inspections (id),
    revision    BIGINT NOT NULL CHECK (revision >= 1),
    opinion_ko  TEXT NOT NULL,
    opinion_en  TEXT NOT NULL,
    author      TEXT,
    author_at   BIGINT,
    reviewer    TEXT,
    reviewed_at BIGINT,
    approver    TEXT,
    approved_at BIGINT
);

CREATE TABLE review_findings (
    inspection UUID NOT NULL REFERENCES reviews (inspection),
    subject    TEXT NOT NULL,
    rule       TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    decision   TEXT NOT NULL CHECK (decision IN ('open', 'accepted', 'corrected', 'excepted')),
    corrected  TEXT,
    exception  UUID REFERENCES exceptions (id),
    reason     TEXT NOT NULL,
    comment_ko TEXT NOT NULL,
    comment_en TEXT NOT NULL,
    case_id    TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (inspection, subject, rule),
    CHECK ((decision = 'corrected') = (corrected IS NOT NULL)),
    CHECK ((decision = 'excepted') = (exception IS NOT NULL))
);

CREATE TABLE editions (
    id              UUID PRIMARY KEY,
    inspection      UUID NOT NULL REFERENCES inspections (id),
    number          BIGINT NOT NULL CHECK (number >= 1),
    document        TEXT NOT NULL,
    reason          TEXT NOT NULL,
    published_at    BIGINT NOT NULL,
    published_by    TEXT NOT NULL,
    manifest_key    TEXT NOT NULL,
    signature_key   TEXT NOT NULL,
    assessment_key  TEXT NOT NULL,
    review_key      TEXT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    acknowledged_as TEXT,
    UNIQUE (inspection, number)
);

CREATE TABLE visits (
    id         UUID PRIMARY KEY,
    contract   UUID NOT NULL REFERENCES contracts (id),
    period     TEXT NOT NULL,
    held_on    TEXT NOT NULL,
    who        TEXT NOT NULL,
    hosts      TEXT NOT NULL,
    checklist  TEXT NOT NULL,
    words_ko   TEXT NOT NULL,
    words_en   TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    entered_by TEXT NOT NULL
);
CREATE INDEX visits_by_contract ON visits (contract, period);

CREATE TABLE support_patterns (
    id          TEXT PRIMARY KEY,
    area        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('draft', 'shadow', 'published', 'retired')),
    revision    BIGINT NOT NULL CHECK (revision >= 1),
    yaml        TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    host        UUID REFERENCES hosts (id),
    incident_at BIGINT,
    changed_at  BIGINT NOT NULL,
    changed_by  TEXT NOT NULL
);

CREATE TABLE support_pattern_changes (
    id       UUID PRIMARY KEY,
    pattern  TEXT NOT NULL REFERENCES support_patterns (id),
    at       BIGINT NOT NULL,
    made_by  TEXT NOT NULL,
    revision BIGINT NOT NULL,
    state    TEXT NOT NULL,
    yaml     TEXT NOT NULL
);
CREATE INDEX support_pattern_changes_by_pattern ON support_pattern_changes (pattern);

CREATE TABLE support_pattern_trials (
    pattern  TEXT NOT NULL REFERENCES support_patterns (id),
    revision BIGINT NOT NULL,
    tried_at BIGINT NOT NULL,
    result   TEXT NOT NULL,
    PRIMARY KEY (pattern, revision)
);
