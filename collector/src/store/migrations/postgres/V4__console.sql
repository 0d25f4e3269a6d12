-- People, what they did, and what the console lists without reading assessments.
-- `areas` and `detail` are JSON.
CREATE TABLE people (
    id           UUID PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (
        role IN ('operator', 'reviewer', 'engineer', 'customer_manager', 'customer_reader')
    ),
    language     TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    password     TEXT,
    totp_secret  TEXT,
    totp_step    BIGINT NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT,
    created      BIGINT NOT NULL,
    disabled_at  BIGINT
);

CREATE TABLE person_customers (
    person   UUID NOT NULL REFERENCES people (id),
    customer UUID NOT NULL REFERENCES customers (id),
    PRIMARY KEY (person, customer)
);

CREATE TABLE sessions (
    secret_sha256 TEXT PRIMARY KEY,
    person        UUID NOT NULL REFERENCES people (id),
    stage         TEXT NOT NULL CHECK (stage IN ('password', 'full')),
    created       BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    address       TEXT NOT NULL,
    browser       TEXT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);

CREATE TABLE invitations (
    secret_sha256 TEXT PRIMARY KEY,
    person        UUID NOT NULL REFERENCES people (id),
    created       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT
);

CREATE TABLE access_tokens (
    id            UUID PRIMARY KEY,
    secret_sha256 TEXT NOT NULL UNIQUE,
    person        UUID NOT NULL REFERENCES people (id),
    name          TEXT NOT NULL,
    writes        BOOLEAN NOT NULL,
    created       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    revoked_at    BIGINT
);

CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    customer UUID,
    address  TEXT NOT NULL,
    action   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest   TEXT NOT NULL
);

CREATE TABLE host_results (
    inspection  UUID NOT NULL REFERENCES inspections (id),
    host        UUID NOT NULL REFERENCES hosts (id),
    period      TEXT NOT NULL,
    score       BIGINT,
    coverage    BIGINT NOT NULL,
    provisional BOOLEAN NOT NULL,
    answered    BOOLEAN NOT NULL,
    danger      BIGINT NOT NULL,
    attention   BIGINT NOT NULL,
    unknown     BIGINT NOT NULL,
    excepted    BIGINT NOT NULL,
    pass        BIGINT NOT NULL,
    areas       TEXT NOT NULL,
    page_key    TEXT NOT NULL,
    PRIMARY KEY (inspection, host)
);
CREATE INDEX host_results_by_host ON host_results (host, period);

CREATE TABLE failing (
    inspection UUID NOT NULL REFERENCES inspections (id),
    host       UUID NOT NULL REFERENCES hosts (id),
    rule       TEXT NOT NULL,
    area       TEXT NOT NULL,
    level      TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    standing   TEXT NOT NULL,
    title_ko   TEXT NOT NULL,
    title_en   TEXT NOT NULL,
    PRIMARY KEY (inspection, host, rule)
);
CREATE INDEX failing_by_rule ON failing (rule);
CREATE INDEX failing_by_host ON failing (host);

-- The rows above counted by contract and rule: lists never count a fleet.
CREATE TABLE failing_rules (
    contract  UUID NOT NULL REFERENCES contracts (id),
    rule      TEXT NOT NULL,
    area      TEXT NOT NULL,
    severity  BIGINT NOT NULL CHECK (severity BETWEEN 1 AND 4),
    title_ko  TEXT NOT NULL,
    title_en  TEXT NOT NULL,
    danger    BIGINT NOT NULL,
    attention BIGINT NOT NULL,
    unknown   BIGINT NOT NULL,
    excepted  BIGINT NOT NULL,
    PRIMARY KEY (contract, rule)
);
