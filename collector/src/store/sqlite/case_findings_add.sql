INSERT INTO case_findings (case_id, host, rule, verdict, linked_at)
VALUES (?1, ?2, ?3, ?4, ?5)
