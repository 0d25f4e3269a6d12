-- The service desk's papers and mail: attachments (their bytes lie in the object store), who
-- reads the answers of a case by mail, mails that came in, the vendor's people who are told of a
-- contract's clocks, findings that a case is about. A mail of the queue is about one thing (a
-- notice, a digest, a line of a case) and for one reader (a contact, a person of the desk).
CREATE TABLE attachments (
    id       UUID PRIMARY KEY,
    case_id  UUID NOT NULL REFERENCES cases (id),
    sha256   TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    bytes    BIGINT NOT NULL CHECK (bytes > 0),
    internal BOOLEAN NOT NULL,
    added_at BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    UNIQUE (case_id, sha256, internal)
);

CREATE TABLE case_reporters (
    case_id UUID PRIMARY KEY REFERENCES cases (id),
    contact UUID NOT NULL REFERENCES contacts (id)
);

CREATE TABLE case_findings (
    case_id   UUID NOT NULL REFERENCES cases (id),
    host      UUID NOT NULL REFERENCES hosts (id),
    rule      TEXT NOT NULL,
    verdict   TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, host, rule)
);

CREATE TABLE case_mails (
    message_id TEXT PRIMARY KEY,
    case_id    UUID REFERENCES cases (id),
    outcome    TEXT NOT NULL CHECK (outcome IN ('taken', 'ignored', 'set_aside')),
    sender     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    why        TEXT NOT NULL,
    came_at    BIGINT NOT NULL
);

CREATE TABLE desk_members (
    id         UUID PRIMARY KEY,
    contract   UUID NOT NULL REFERENCES contracts (id),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    language   TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    duty       TEXT NOT NULL CHECK (duty IN ('engineer', 'escalation')),
    created    BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX desk_members_of_contract ON desk_members (contract, email)
WHERE removed_at IS NULL;

ALTER TABLE deliveries ADD COLUMN case_event UUID REFERENCES case_events (id);
ALTER TABLE deliveries ADD COLUMN member UUID REFERENCES desk_members (id);
ALTER TABLE deliveries ALTER COLUMN contact DROP NOT NULL;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_about
CHECK (num_nonnulls(notice, digest, case_event) = 1);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_reader
CHECK (num_nonnulls(contact, member) = 1);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_case_contact UNIQUE (case_event, contact);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_case_member UNIQUE (case_event, member);
