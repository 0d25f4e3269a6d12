-- Services that are recorded when they were done. `results` is JSON: the kind and its checklist in
-- their words of then, with what came of each item.
CREATE TABLE service_records (
    id         TEXT PRIMARY KEY,
    contract   TEXT NOT NULL REFERENCES contracts (id),
    kind       TEXT NOT NULL,
    held_on    TEXT NOT NULL,
    engineer   TEXT NOT NULL,
    results    TEXT NOT NULL,
    note       TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    entered_by TEXT NOT NULL
) STRICT;
CREATE INDEX service_records_by_contract ON service_records (contract, held_on);
