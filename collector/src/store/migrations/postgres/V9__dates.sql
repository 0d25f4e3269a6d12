-- Days that rules watch on hosts, of each contract's newest inspection: ends of support and of
-- certificates, days when space runs out.
CREATE TABLE host_dates (
    inspection UUID NOT NULL REFERENCES inspections (id),
    host       UUID NOT NULL REFERENCES hosts (id),
    rule       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('ends', 'capacity')),
    at         BIGINT NOT NULL,
    what       TEXT NOT NULL,
    title_ko   TEXT NOT NULL,
    title_en   TEXT NOT NULL,
    PRIMARY KEY (inspection, host, rule, at, what)
);
CREATE INDEX host_dates_by_day ON host_dates (at);
