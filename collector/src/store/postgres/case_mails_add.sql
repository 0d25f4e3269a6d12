INSERT INTO case_mails (message_id, case_id, outcome, sender, subject, why, came_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
