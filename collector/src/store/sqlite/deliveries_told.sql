-- What came back: a report of the mail system, or the link was opened.
UPDATE deliveries
SET state = ?2, last_error = ?3
WHERE id = ?1 AND state IN ('sent', 'delivered', 'uncertain') AND state <> ?2
