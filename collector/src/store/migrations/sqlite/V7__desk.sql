-- The service desk's papers and mail: attachments (their bytes lie in the object store), who
-- reads the answers of a case by mail, mails that came in, the vendor's people who are told of a
-- contract's clocks, findings that a case is about. A mail of the queue is about one thing (a
-- notice, a digest, a line of a case) and for one reader (a contact, a person of the desk).
CREATE TABLE attachments (
    id       TEXT PRIMARY KEY,
    case_id  TEXT NOT NULL REFERENCES cases (id),
    sha256   TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    bytes    INTEGER NOT NULL CHECK (bytes > 0),
    internal INTEGER NOT NULL CHECK (internal IN (0, 1)),
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    UNIQUE (case_id, sha256, internal)
) STRICT;

CREATE TABLE case_reporters (
    case_id TEXT PRIMARY KEY REFERENCES cases (id),
    contact TEXT NOT NULL REFERENCES contacts (id)
) STRICT;

CREATE TABLE case_findings (
    case_id   TEXT NOT NULL REFERENCES cases (id),
    host      TEXT NOT NULL REFERENCES hosts (id),
    rule      TEXT NOT NULL,
    verdict   TEXT NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (case_id, host, rule)
) STRICT;

CREATE TABLE case_mails (
    message_id TEXT PRIMARY KEY,
    case_id    TEXT REFERENCES cases (id),
    outcome    TEXT NOT NULL CHECK (outcome IN ('taken', 'ignored', 'set_aside')),
    sender     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    why        TEXT NOT NULL,
    came_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE desk_members (
    id         TEXT PRIMARY KEY,
    contract   TEXT NOT NULL REFERENCES contracts (id),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    language   TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    duty       TEXT NOT NULL CHECK (duty IN ('engineer', 'escalation')),
    created    INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX desk_members_of_contract ON desk_members (contract, email)
WHERE removed_at IS NULL;

CREATE TABLE deliveries_now (
    id              TEXT PRIMARY KEY,
    notice          TEXT REFERENCES notices (id),
    digest          TEXT REFERENCES digests (id),
    case_event      TEXT REFERENCES case_events (id),
    contact         TEXT REFERENCES contacts (id),
    member          TEXT REFERENCES desk_members (id),
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
    UNIQUE (case_event, contact),
    UNIQUE (case_event, member),
    CHECK ((notice IS NOT NULL) + (digest IS NOT NULL) + (case_event IS NOT NULL) = 1),
    CHECK ((contact IS NULL) <> (member IS NULL))
) STRICT;
INSERT INTO deliveries_now
SELECT
    id, notice, digest, NULL, contact, NULL, revision, reminder, state, attempts, queued_at,
    next_attempt_at, claimed_at, sent_at, last_error, message_id
FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_now RENAME TO deliveries;
CREATE INDEX deliveries_by_state ON deliveries (state, next_attempt_at);
