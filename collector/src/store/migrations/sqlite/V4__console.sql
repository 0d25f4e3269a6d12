-- People, what they did, and what the console lists without reading assessments.
-- `areas` and `detail` are JSON.
CREATE TABLE people (
    id           TEXT PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (
        role IN ('operator', 'reviewer', 'engineer', 'customer_manager', 'customer_reader')
    ),
    language     TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    password     TEXT,
    totp_secret  TEXT,
    totp_step    INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    locked_until INTEGER,
    created      INTEGER NOT NULL,
    disabled_at  INTEGER
) STRICT;

CREATE TABLE person_customers (
    person   TEXT NOT NULL REFERENCES people (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (person, customer)
) STRICT;

CREATE TABLE sessions (
    secret_sha256 TEXT PRIMARY KEY,
    person        TEXT NOT NULL REFERENCES people (id),
    stage         TEXT NOT NULL CHECK (stage IN ('password', 'full')),
    created       INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    address       TEXT NOT NULL,
    browser       TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_person ON sessions (person);

CREATE TABLE invitations (
    secret_sha256 TEXT PRIMARY KEY,
    person        TEXT NOT NULL REFERENCES people (id),
    created       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER
) STRICT;

CREATE TABLE access_tokens (
    id            TEXT PRIMARY KEY,
    secret_sha256 TEXT NOT NULL UNIQUE,
    person        TEXT NOT NULL REFERENCES people (id),
    name          TEXT NOT NULL,
    writes        INTEGER NOT NULL CHECK (writes IN (0, 1)),
    created       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    revoked_at    INTEGER
) STRICT;

CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    customer TEXT,
    address  TEXT NOT NULL,
    action   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT;

CREATE TABLE host_results (
    inspection  TEXT NOT NULL REFERENCES inspections (id),
    host        TEXT NOT NULL REFERENCES hosts (id),
    period      TEXT NOT NULL,
    score       INTEGER,
    coverage    INTEGER NOT NULL,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    answered    INTEGER NOT NULL CHECK (answered IN (0, 1)),
    danger      INTEGER NOT NULL,
    attention   INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    excepted    INTEGER NOT NULL,
    pass        INTEGER NOT NULL,
    areas       TEXT NOT NULL,
    page_key    TEXT NOT NULL,
    PRIMARY KEY (inspection, host)
) STRICT;
CREATE INDEX host_results_by_host ON host_results (host, period);

CREATE TABLE failing (
    inspection TEXT NOT NULL REFERENCES inspections (id),
    host       TEXT NOT NULL REFERENCES hosts (id),
    rule       TEXT NOT NULL,
    area       TEXT NOT NULL,
    level      TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    standing   TEXT NOT NULL,
    title_ko   TEXT NOT NULL,
    title_en   TEXT NOT NULL,
    PRIMARY KEY (inspection, host, rule)
) STRICT;
CREATE INDEX failing_by_rule ON failing (rule);
CREATE INDEX failing_by_host ON failing (host);

-- The rows above counted by contract and rule: lists never count a fleet.
CREATE TABLE failing_rules (
    contract  TEXT NOT NULL REFERENCES contracts (id),
    rule      TEXT NOT NULL,
    area      TEXT NOT NULL,
    severity  INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 4),
    title_ko  TEXT NOT NULL,
    title_en  TEXT NOT NULL,
    danger    INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    unknown   INTEGER NOT NULL,
    excepted  INTEGER NOT NULL,
    PRIMARY KEY (contract, rule)
) STRICT;
