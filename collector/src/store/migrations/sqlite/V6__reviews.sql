-- What becomes of an assessed inspection, and Support Patterns. `hosts`, `checklist` and `result` are
-- JSON, `yaml` is a rule.
ALTER TABLE contracts ADD COLUMN four_eyes INTEGER NOT NULL DEFAULT 0 CHECK (four_eyes IN (0, 1));
ALTER TABLE inspections ADD COLUMN missed_at INTEGER;
ALTER TABLE inspections ADD COLUMN hosts_answered INTEGER;

CREATE TABLE reviews (
    inspection  TEXT PRIMARY KEY REFERENCES inspections (id),
    revision    INTEGER NOT NULL CHECK (revision >= 1),
    opinion_ko  TEXT NOT NULL,
    opinion_en  TEXT NOT NULL,
    author      TEXT,
    author_at   INTEGER,
    reviewer    TEXT,
    reviewed_at INTEGER,
    approver    TEXT,
    approved_at INTEGER
) STRICT;

CREATE TABLE review_findings (
    inspection TEXT NOT NULL REFERENCES reviews (inspection),
    subject    TEXT NOT NULL,
    rule       TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    decision   TEXT NOT NULL CHECK (decision IN ('open', 'accepted', 'corrected', 'excepted')),
    corrected  TEXT,
    exception  TEXT REFERENCES exceptions (id),
    reason     TEXT NOT NULL,
    comment_ko TEXT NOT NULL,
    comment_en TEXT NOT NULL,
    case_id    TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (inspection, subject, rule),
    CHECK ((decision = 'corrected') = (corrected IS NOT NULL)),
    CHECK ((decision = 'excepted') = (exception IS NOT NULL))
) STRICT;

CREATE TABLE editions (
    id              TEXT PRIMARY KEY,
    inspection      TEXT NOT NULL REFERENCES inspections (id),
    number          INTEGER NOT NULL CHECK (number >= 1),
    document        TEXT NOT NULL,
    reason          TEXT NOT NULL,
    published_at    INTEGER NOT NULL,
    published_by    TEXT NOT NULL,
    manifest_key    TEXT NOT NULL,
    signature_key   TEXT NOT NULL,
    assessment_key  TEXT NOT NULL,
    review_key      TEXT NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    acknowledged_as TEXT,
    UNIQUE (inspection, number)
) STRICT;

CREATE TABLE visits (
    id         TEXT PRIMARY KEY,
    contract   TEXT NOT NULL REFERENCES contracts (id),
    period     TEXT NOT NULL,
    held_on    TEXT NOT NULL,
    who        TEXT NOT NULL,
    hosts      TEXT NOT NULL,
    checklist  TEXT NOT NULL,
    words_ko   TEXT NOT NULL,
    words_en   TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    entered_by TEXT NOT NULL
) STRICT;
CREATE INDEX visits_by_contract ON visits (contract, period);

CREATE TABLE support_patterns (
    id          TEXT PRIMARY KEY,
    area        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('draft', 'shadow', 'published', 'retired')),
    revision    INTEGER NOT NULL CHECK (revision >= 1),
    yaml        TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    host        TEXT REFERENCES hosts (id),
    incident_at INTEGER,
    changed_at  INTEGER NOT NULL,
    changed_by  TEXT NOT NULL
) STRICT;

CREATE TABLE support_pattern_changes (
    id       TEXT PRIMARY KEY,
    pattern  TEXT NOT NULL REFERENCES support_patterns (id),
    at       INTEGER NOT NULL,
    made_by  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT NOT NULL,
    yaml     TEXT NOT NULL
) STRICT;
CREATE INDEX support_pattern_changes_by_pattern ON support_pattern_changes (pattern);

CREATE TABLE support_pattern_trials (
    pattern  TEXT NOT NULL REFERENCES support_patterns (id),
    revision INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    result   TEXT NOT NULL,
    PRIMARY KEY (pattern, revision)
) STRICT;
